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

/** Longer than load balancers keep an idle connection: who closes it first must be the one who sends on it. */
const keepAliveMs = 75_000;
/** How often Node looks for requests that take too long to come, in milliseconds. */
const checkIntervalMs = 1000;
/**
 * How long a stopping server still answers on connections that it has, in milliseconds. A connection that is closed
 * while its client sends loses a call; one that a client uses within this time is told to close by an answer.
 */
const farewellMs = 2000;

/** The HTTP server of one process: the contract's unary methods in the Connect protocol, and probes. */
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

  /** Serves a path beside those of the contract. */
  addRoute(route: HttpRoute): void {
    this.router.addRoute(route);
  }

  /** Listens. A port that is taken is a {@link ConfigError}. */
  async bind(): Promise<void> {
    const { host, httpPort } = this.config;
    this.server.listen(httpPort, host);
    await once(this.server, "listening").catch((error) => {
      throw new ConfigError(`POSTA_HTTP_PORT: cannot listen on ${host}:${httpPort}: is it taken? (${error.message})`);
    });
  }

  /**
   * Stops without failing a call: takes no new connection, answers on those that there are and closes each with its
   * answer, then closes the idle ones. What is left after the time-out is cut off.
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

  /** Runs after the turn's reads: a request that has arrived makes its connection a busy one. */
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
    // A client that does not read its answer moves nothing for longer than any call may take.
    server.timeout = this.config.maxDeadlineMs + keepAliveMs;
    server.on(tls ? "secureConnection" : "connection", (socket) => this.connections.accept(socket));
    server.on("request", (request, response) => this.router.handle(request, response));
    return server;
  }
}

/** A request that does not come is ended by its call's deadline; before there is a call, or where it has none, by these. */
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
