import { once } from "node:events";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Server as SocketServer } from "node:net";
import type { Registry } from "prom-client";
import { type Config, ConfigError } from "../config/config.js";
import type { Admission } from "../rpc/admission.js";
import { readTlsFiles } from "../rpc/auth/tls-files.js";
import { CallMetrics } from "../rpc/call-metrics.js";
import type { Contract } from "../rpc/contract/contract.js";
import type { Entry } from "../rpc/entry.js";
import type { Adapter, Audience } from "../rpc/method.js";
import type { StatusMap } from "../rpc/status.js";
import type { Logger } from "../telemetry/log/log.js";
import { HttpAdapter, type HttpHandler } from "./connect/adapter.js";
import { JsonCodec } from "./connect/json-codec.js";
import { Connections } from "./exchange/connections.js";
import type { ProbedHealth } from "./probes.js";
import type { HttpRoute } from "./route.js";
import { Router } from "./router.js";

/** Longer than load balancers keep idle connections. The side that sends must close first, so no request is lost. */
const keepAliveMs = 75_000;
/** How often Node checks for requests that take too long to arrive, in milliseconds. */
const checkIntervalMs = 1000;
/**
 * How long a stopping server still answers on its open connections, in milliseconds. Closing a connection while its
 * client sends would lose a call. If the client sends a call within this time, the answer tells it to close the
 * connection.
 */
const farewellMs = 2000;

/** The HTTP server of one process: the contract's unary methods in the Connect protocol, other routes, and probes. */
export class HttpServer {
  private readonly server: Server;
  private readonly router: Router;
  private readonly connections: Connections;
  private readonly codec = new JsonCodec();
  private readonly metrics: CallMetrics;

  constructor(
    private readonly config: Config,
    private readonly contract: Contract,
    statuses: StatusMap,
    health: ProbedHealth,
    private readonly entries: Record<Audience, Entry>,
    private readonly admission: Admission,
    metrics: Registry,
    log: Logger,
  ) {
    this.connections = new Connections(config.maxConnectionAgeMs);
    this.metrics = new CallMetrics(metrics, "connect");
    const { codec, connections } = this;
    this.router = new Router({ statuses, codec, connections, deadlines: config, log }, health);
    this.server = this.createServer();
  }

  /** Serves a service of the contract. */
  add(
    name: string,
    handlers: (adapter: Adapter<HttpHandler>) => Record<string, HttpHandler>,
    audience: Audience,
  ): void {
    const adapter = new HttpAdapter(this.entries[audience], audience === "callers" ? this.admission : undefined);
    const definitions = this.contract.service(name);
    for (const [key, handler] of Object.entries(handlers(adapter))) {
      const definition = definitions[key];
      if (!definition) throw new Error(`the contract has no method ${name}/${key}`);
      this.router.add({ path: definition.path, definition, counters: this.metrics.of(definition), handler });
    }
  }

  /** Serves a path in addition to the methods of the contract. */
  addRoute(route: HttpRoute): void {
    this.router.addRoute(route);
  }

  /** Listens. Throws a {@link ConfigError} if the port is taken. */
  async bind(): Promise<void> {
    const { host, httpPort } = this.config;
    this.server.listen(httpPort, host);
    await once(this.server, "listening").catch((error) => {
      throw new ConfigError(`POSTA_HTTP_PORT: cannot listen on ${host}:${httpPort}: is it taken? (${error.message})`);
    });
  }

  /**
   * Stops without failing a call. Accepts no new connection, and closes each open connection with its next answer. Then
   * closes the idle connections. After the time-out, the remaining connections are cut off.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.connections.retire();
    const closed = new Promise<void>((resolve) => {
      // The HTTP server's own close() would close idle connections at once.
      SocketServer.prototype.close.call(this.server, () => resolve());
    });
    const farewell = setTimeout(() => setImmediate(() => this.closeIdle()), Math.min(farewellMs, timeoutMs));
    const cut = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      void closed.then(() => clearTimeout(timer));
    });
    await Promise.race([closed, cut]);
    clearTimeout(farewell);
    this.closeIdle();
    this.connections.closeAll();
  }

  /** Runs after the reads of the event-loop turn, so that a request that has just arrived keeps its connection open. */
  private closeIdle(): void {
    this.connections.closeUnused();
    this.server.close();
  }

  private createServer(): Server {
    const tls = readTlsFiles(this.config);
    const limits = limitsOf(this.config);
    const server = tls
      ? createTlsServer({ ...limits, ...tls, requestCert: tls.ca !== undefined })
      : createServer(limits);
    // Closes the connection of a client that does not read its answer. No call may take this long.
    server.timeout = this.config.maxDeadlineMs + keepAliveMs;
    server.on(tls ? "secureConnection" : "connection", (socket) => this.connections.accept(socket));
    server.on("request", (request, response) => this.router.handle(request, response));
    return server;
  }
}

/**
 * Time limits for requests that do not arrive. A call's own deadline usually ends such a request. These limits apply
 * before a call begins, and to requests that have no deadline.
 */
function limitsOf({ defaultDeadlineMs, maxDeadlineMs, keepaliveTimeMs }: Config): ServerOptions {
  return {
    headersTimeout: defaultDeadlineMs,
    requestTimeout: maxDeadlineMs + checkIntervalMs,
    connectionsCheckingInterval: checkIntervalMs,
    keepAliveTimeout: keepAliveMs,
    keepAlive: true,
    keepAliveInitialDelay: keepaliveTimeMs,
  };
}
