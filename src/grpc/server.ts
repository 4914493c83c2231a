import { setMaxListeners } from "node:events";
import type { Http2Server } from "node:http2";
import { promisify } from "node:util";
import {
  Server,
  type ServerInterceptor,
  type ServerOptions,
  type ServiceDefinition,
  setLogger,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Registry } from "prom-client";
import { type Config, ConfigError } from "../config/config.js";
import type { Admission } from "../rpc/admission.js";
import { readTlsFiles } from "../rpc/auth/tls-files.js";
import { CallMetrics } from "../rpc/call-metrics.js";
import type { Contract } from "../rpc/contract/contract.js";
import type { Entry } from "../rpc/entry.js";
import type { Adapter, Audience } from "../rpc/method.js";
import { createStatusMap } from "../rpc/status.js";
import { libraryConsole } from "../telemetry/log/capture.js";
import type { Logger } from "../telemetry/log/log.js";
import { registerCount } from "../telemetry/metrics/counters.js";
import { ConnectionAges } from "./connection-ages.js";
import { createCredentials } from "./credentials.js";
import { DeadConnections } from "./dead-connections.js";
import { GrpcAdapter } from "./handlers.js";
import { Health, healthService } from "./health.js";
import { http2ServersOf, requireInternals } from "./incoming/call-internals.js";
import { guardCalls, type MethodRules } from "./incoming/guard.js";
import { encodings, Inflater } from "./incoming/inflate.js";
import { correctTimeout } from "./incoming/timeout-header.js";
import { observeCalls } from "./observe.js";
import { addReflection } from "./reflection.js";

/** Largest headers of a call, in bytes as HTTP/2 counts them. Clients learn the limit, and most clients respect it. */
const maxHeaderBytes = 64 << 10;

const overloadHelp =
  "Calls, and items of calls, over gRPC and HTTP, that were refused as too much is under way or a store is full.";

/** The gRPC server of one process: listening, services, and draining. */
export class GrpcServer {
  readonly statuses;
  readonly health: Health;
  private readonly server: Server;
  private readonly adapters: Record<Audience, GrpcAdapter>;
  /** The rules of each method, by path. */
  private readonly rules = new Map<string, MethodRules>();
  private readonly closing = new AbortController();
  private readonly deadConnections = new DeadConnections();
  private readonly ages = new ConnectionAges();

  constructor(
    private readonly config: Config,
    private readonly contract: Contract,
    services: string[],
    private readonly entries: Record<Audience, Entry>,
    admission: Admission,
    metrics: Registry,
    log: Logger,
  ) {
    setLogger(libraryConsole(log, "grpc-js"));
    requireInternals();
    setMaxListeners(0, this.closing.signal); // One for each open stream.
    this.statuses = createStatusMap(contract);
    registerCount(metrics, "posta_overload_refusals_total", overloadHelp, () => this.statuses.overloads);
    this.health = new Health(["", ...services]);
    this.server = new Server({ ...limits(config), interceptors: this.createInterceptors(metrics, log) });
    const adapt = (limit: Admission | undefined) =>
      new GrpcAdapter(this.statuses, limit, this.closing.signal, this.ages);
    this.adapters = { callers: adapt(admission), anyone: adapt(undefined) };
    this.add(healthService, (adapter) => this.health.handlers(adapter), "anyone");
    this.addReflection([healthService, ...services]);
  }

  /** Serves a service of the contract. */
  add(
    name: string,
    handlers: (adapter: Adapter<UntypedHandleCall>) => UntypedServiceImplementation,
    audience: Audience = "callers",
  ): void {
    this.register(this.contract.service(name), handlers(this.adapters[audience]), audience);
  }

  private addReflection(services: string[]): void {
    const { config, contract, closing } = this;
    const options = { services, closing: closing.signal, idleMs: config.maxDeadlineMs };
    addReflection(contract, options, (definition, handlers) => this.register(definition, handlers, "anyone"));
  }

  private register(definition: ServiceDefinition, handlers: UntypedServiceImplementation, audience: Audience): void {
    const { authenticate, allowsCompression, ...bounds } = this.entries[audience];
    const allowed = allowsCompression ? encodings : ["identity"];
    for (const { path, requestStream: isStream, responseStream } of Object.values(definition)) {
      const mustBegin = responseStream && !isStream;
      const takesMalformed = isStream && audience === "callers";
      this.rules.set(path, {
        authenticate,
        limits: { ...bounds, encodings: allowed, isStream, mustBegin, takesMalformed },
      });
    }
    this.server.addService(definition, handlers);
  }

  private createInterceptors(metrics: Registry, log: Logger): ServerInterceptor[] {
    const { config, statuses } = this;
    const parts = { statuses, inflater: new Inflater(), messageTimeMs: config.defaultDeadlineMs };
    const rulesOf = (path: string) => this.rules.get(path) as MethodRules;
    // The guard comes last, so that the observer also sees the calls that the guard refuses.
    return [observeCalls(new CallMetrics(metrics, "grpc"), log, config), guardCalls(rulesOf, parts)];
  }

  /** Listens. Throws a {@link ConfigError} if the port is taken. */
  async bind(): Promise<void> {
    const { host, grpcPort } = this.config;
    const address = `${host.includes(":") ? `[${host}]` : host}:${grpcPort}`;
    const bind = promisify(this.server.bindAsync.bind(this.server));
    await bind(address, createCredentials(readTlsFiles(this.config))).catch((error) => {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`POSTA_GRPC_PORT: cannot listen on ${address}: is it taken? (${error.message})`);
    });
    for (const http2Server of http2ServersOf(this.server)) this.boundHeaders(http2Server);
  }

  private boundHeaders(http2Server: Http2Server): void {
    http2Server.updateSettings({ maxHeaderListSize: maxHeaderBytes });
    http2Server.prependListener("stream", (_, headers) => correctTimeout(headers));
    this.deadConnections.watch(http2Server);
    this.ages.watch(http2Server);
  }

  /**
   * Stops without failing a call: reports NOT_SERVING, accepts no new connection, ends the streams, and lets calls in
   * flight finish. After the time-out, the remaining connections are cut off.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.health.setAll(false);
    this.closing.abort();
    const force = setTimeout(() => this.server.forceShutdown(), timeoutMs);
    await promisify(this.server.tryShutdown.bind(this.server))();
    clearTimeout(force);
    this.deadConnections.stop();
  }
}

function limits(config: Config): ServerOptions {
  return {
    "grpc.max_concurrent_streams": config.maxStreams,
    "grpc-node.max_session_memory": config.maxSessionBytes / 1e6, // Node counts in megabytes.
    "grpc.max_connection_age_ms": config.maxConnectionAgeMs,
    "grpc.max_connection_age_grace_ms": config.maxConnectionAgeGraceMs,
    "grpc.keepalive_time_ms": config.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": config.keepaliveTimeoutMs,
  };
}
