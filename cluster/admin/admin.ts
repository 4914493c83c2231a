import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../../src/config/config.js";
import { PostaError, toPostaError } from "../../src/errors/posta-error.js";
import { reply } from "./answer.js";
import { findIntruder, namesOf } from "./guard.js";
import { listenError } from "./ports.js";
import type { Routes } from "./routes.js";

/** Largest body of a request, in bytes. The largest bodies are a job's data, edited in the queue UI. */
const maxBodyBytes = 4 << 20;

/** How long a request may take to arrive, in milliseconds. */
const serverLimits = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };

/** The admin port, for SREs and Prometheus. The primary answers on this port for the whole cluster. */
export class Admin {
  private readonly server: Server;
  private readonly names: ReadonlySet<string>;

  constructor(
    private readonly config: Config,
    private readonly routes: Routes,
  ) {
    this.names = namesOf(config);
    this.server = createServer(serverLimits, (request, response) => void this.answer(request, response));
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

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Read the messages that children sent while this process was busy. Otherwise these children would count as silent.
    await nextTurn();
    const [path = ""] = (request.url ?? "").split("?");
    // "/queues/static/main.js" is for the route "/queues".
    const route = this.routes.get(path) ?? this.routes.get(`/${path.split("/")[1]}/`);
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    if (!route) {
      reply(response, 404, "text/plain", `not found; there are ${[...this.routes.keys()].join(", ")}\n`);
      return;
    }
    if (!route.methods.includes(method)) {
      reply(response, 405, "text/plain", `use ${route.methods.join(" or ")}\n`);
      return;
    }
    const intruder = route.open ? undefined : findIntruder(request, this.names);
    if (intruder !== undefined) {
      reply(response, 403, "text/plain", `${intruder}\n`);
      return;
    }
    try {
      await route.answer({ request, response, readBody: () => readBody(request) });
    } catch (error) {
      const { code, message } = toPostaError(error);
      if (response.headersSent) response.destroy();
      else if (code === "exhausted") reply(response, 413, "text/plain", `${message}\n`);
      else reply(response, 500, "text/plain", "internal error\n");
    }
  }
}

/** Reads a body as text. Throws if the body is too large. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new PostaError("exhausted", `the request is over ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
