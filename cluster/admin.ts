import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Config } from "../src/config.js";
import type { MergedMetrics } from "./merge.js";
import { listenError } from "./ports.js";
import type { Supervisor } from "./supervisor.js";

type Health = { pid: number | undefined; serving: boolean }[];
type Route = (response: ServerResponse) => void | Promise<void>;

/** The port that SREs and Prometheus look at: one for the whole cluster, answered by the primary. */
export class Admin {
  private readonly server: Server;
  private readonly routes: Record<string, Route>;

  constructor(
    private readonly config: Config,
    servers: Supervisor,
    deliveries: Supervisor,
    metrics: MergedMetrics,
  ) {
    this.routes = {
      // The primary answers: that is all that "live" says. Whether it can work is for readyz.
      "/livez": (response) => reply(response, 200, "text/plain", "ok\n"),
      "/readyz": (response) => {
        const ready = servers.servingCount > 0;
        reply(response, ready ? 200 : 503, "text/plain", ready ? "ok\n" : "no server is serving\n");
      },
      "/healthz": (response) => {
        const body = healthOf(servers, deliveries);
        reply(response, body.status === "OK" ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
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

/** DOWN: a server does not serve. DEGRADED: calls are answered, and what is done in the background has to wait. */
function healthOf(servers: Supervisor, deliveries: Supervisor) {
  const [all, background] = [servers, deliveries].map(({ children }) =>
    [...children].map(({ worker, serving }) => ({ pid: worker.process.pid, serving })),
  ) as [Health, Health];
  const isDown = all.length === 0 || all.some(({ serving }) => !serving);
  const isDegraded = background.some(({ serving }) => !serving) || background.length < deliveries.role.count;
  const status = isDown ? "DOWN" : isDegraded ? "DEGRADED" : "OK";
  const restarts = servers.restarts + deliveries.restarts;
  return { status, servers: all, deliveries: background, restarts };
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
