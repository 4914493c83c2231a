import { setMaxListeners } from "node:events";
import { promisify } from "node:util";
import {
  Server,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Registry } from "prom-client";
import { type Config, ConfigError } from "../config.js";
import { registerCount } from "../counted.js";
import type { Logger } from "../log.js";
import type { Admission } from "./admission.js";
import { createAuthenticate } from "./auth.js";
import { CallMetrics } from "./call-metrics.js";
import type { Contract } from "./contract.js";
import { createCredentials } from "./credentials.js";
import { GrpcAdapter, tolerant } from "./handlers.js";
import { Health, healthService } from "./health.js";
import type { Adapter, Audience } from "./method.js";
import { observeCalls } from "./observe.js";
import { addReflection } from "./reflection.js";
import { createStatusMap } from "./status.js";
import { readTlsFiles } from "./tls-files.js";

const overloadHelp =
  "Calls, and items of calls, over gRPC and HTTP, that were refused as too much is under way or a store is full.";

/** The gRPC server of one process: what listens, what is served on it, and how it stops. */
export class GrpcServer {
  readonly statuses;
  readonly health: Health;
  private readonly server: Server;
  private readonly adapters: Record<Audience, GrpcAdapter>;
  private readonly closing = new AbortController();

  constructor(
    private readonly config: Config,
    private readonly contract: Contract,
    services: string[],
    admission: Admission,
    metrics: Registry,
    log: Logger,
  ) {
    setMaxListeners(0, this.closing.signal); // One for each open stream.
    this.statuses = createStatusMap(contract);
    registerCount(metrics, "posta_overload_refusals_total", overloadHelp, () => this.statuses.overloads);
    this.health = new Health(["", ...services]);
    this.server = new Server({
      ...limits(config),
      interceptors: [observeCalls(new CallMetrics(metrics, "grpc"), log, config)],
    });
    const adapt = (authFile: string | undefined, limit: Admission | undefined) =>
      new GrpcAdapter(this.statuses, createAuthenticate(authFile), limit, this.closing.signal);
    this.adapters = { callers: adapt(config.authFile, admission), anyone: adapt(undefined, undefined) };
    this.add(healthService, (adapter) => this.health.handlers(adapter), "anyone");
    addReflection(this.server, contract, [healthService, ...services], this.closing.signal);
  }

  /** Serves a service of the contract. */
  add(
    name: string,
    handlers: (adapter: Adapter<UntypedHandleCall>) => UntypedServiceImplementation,
    audience: Audience = "callers",
  ): void {
    const definition = Object.entries(this.contract.service(name)).map(([key, method]) => [key, tolerant(method)]);
    this.server.addService(Object.fromEntries(definition) as ServiceDefinition, handlers(this.adapters[audience]));
  }

  /** Listens. A port that is taken is a {@link ConfigError}. */
  async bind(): Promise<void> {
    const { host, grpcPort } = this.config;
    const address = `${host.includes(":") ? `[${host}]` : host}:${grpcPort}`;
    const bind = promisify(this.server.bindAsync.bind(this.server));
    await bind(address, createCredentials(readTlsFiles(this.config))).catch((error) => {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(`POSTA_GRPC_PORT: cannot listen on ${address}: is it taken? (${error.message})`);
    });
  }

  /**
   * Stops without failing a call: says NOT_SERVING, takes no new connection, ends the streams, lets calls in flight
   * finish. What is left after the time-out is cut off.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.health.setAll(false);
    this.closing.abort();
    const force = setTimeout(() => this.server.forceShutdown(), timeoutMs);
    await promisify(this.server.tryShutdown.bind(this.server))();
    clearTimeout(force);
  }
}

function limits(config: Config): ServerOptions {
  return {
    "grpc.max_receive_message_length": config.maxMessageBytes,
    "grpc.max_concurrent_streams": config.maxStreams,
    "grpc-node.max_session_memory": config.maxSessionMemoryMb,
    "grpc.max_connection_age_ms": config.maxConnectionAgeMs,
    "grpc.max_connection_age_grace_ms": config.maxConnectionAgeGraceMs,
    "grpc.keepalive_time_ms": config.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": config.keepaliveTimeoutMs,
  };
}
