import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Config } from "../src/config.js";
import type { MergedMetrics } from "./merge.js";
import { listenError } from "./ports.js";
import type { Supervisor } from "./supervisor.js";

type Route = (response: ServerResponse) => void | Promise<void>;

/** The port that SREs and Prometheus look at: one for the whole cluster, answered by the primary. */
export class Admin {
  private readonly server: Server;
  private readonly routes: Record<string, Route>;

  constructor(
    private readonly config: Config,
    supervisor: Supervisor,
    metrics: MergedMetrics,
  ) {
    this.routes = {
      // The primary answers: that is all that "live" says. Whether it can work is for readyz.
      "/livez": (response) => reply(response, 200, "text/plain", "ok\n"),
      "/readyz": (response) => {
        const ready = supervisor.servingCount > 0;
        reply(response, ready ? 200 : 503, "text/plain", ready ? "ok\n" : "no server is serving\n");
      },
      "/healthz": (response) => {
        const servers = [...supervisor.children].map(({ worker, serving }) => ({ pid: worker.process.pid, serving }));
        const healthy = servers.length > 0 && servers.every(({ serving }) => serving);
        const body = { status: healthy ? "OK" : "DOWN", servers, restarts: supervisor.restarts };
        reply(response, healthy ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
      },
      "/metrics": async (response) => reply(response, 200, metrics.contentType, await metrics.text()),
    };
    this.server = createServer((request, response) => void this.answer(request.url ?? "", request.method, response));
  }

  /** Throws a ConfigError if the port is taken. */
  async listen(): Promise<void> {
    const { adminHost, adminPort } = this.config;
    this.server.listen(adminPort, adminHost);
    await once(this.server, "listening").catch((error) => {
      throw listenError("POSTA_ADMIN_PORT", adminHost, adminPort, error);
    });
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(url: string, method: string | undefined, response: ServerResponse): Promise<void> {
    const route = this.routes[url.split("?")[0] as string];
    if (!route) reply(response, 404, "text/plain", `not found; there are ${Object.keys(this.routes).join(", ")}\n`);
    else if (method !== "GET" && method !== "HEAD") reply(response, 405, "text/plain", "use GET\n");
    else await Promise.resolve(route(response)).catch(() => reply(response, 500, "text/plain", "internal error\n"));
  }
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
