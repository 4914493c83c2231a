import { Gauge, type Registry } from "prom-client";
import type { Config } from "../src/config/config.js";
import type { Logger } from "../src/telemetry/log/log.js";
import type { Supervisor } from "./supervise/supervisor.js";

/** Prints where everything is, once all servers serve. */
export function announce(config: Config, stores: string, servers: Supervisor, begun: number): void {
  const timer = setInterval(() => {
    if (servers.servingCount < config.servers) return;
    clearInterval(timer);
    const { host, grpcPort, httpPort, adminHost, adminPort } = config;
    const tls = config.tlsCertFile ? "TLS" : "plain text";
    const took = Math.round(performance.now() - begun);
    process.stdout.write(
      `posta: gRPC ${host}:${grpcPort} (${tls}), HTTP ${host}:${httpPort}, admin http://${adminHost}:${adminPort}, ${config.servers} servers, ${stores}; ready in ${took} ms\n`,
    );
  }, 10);
  timer.unref();
}

/** Warns if only certificates identify callers: then all callers have equal rights, perhaps unintentionally. */
export function warnOfEqualCallers({ tlsClientCaFile, authFile }: Config, log: Logger): void {
  if (tlsClientCaFile === undefined || authFile !== undefined) return;
  log.warn(
    "POSTA_TLS_CLIENT_CA_FILE is set and POSTA_AUTH_FILE is not: every client with a certificate of that CA may use all queues, " +
      "events and numbers. POSTA_AUTH_FILE can name certificates, each with rights of its own",
  );
}

/** Registers gauges: how many children should run, how many serve, and how often a child was restarted. */
export function countChildren(metrics: Registry, servers: Supervisor, deliveries: Supervisor): void {
  gauge(metrics, "posta_servers", "Server processes that there should be.", () => servers.role.count);
  gauge(metrics, "posta_servers_serving", "Server processes that take calls.", () => servers.servingCount);
  gauge(
    metrics,
    "posta_server_restarts",
    "How often a server process that ended by itself was started again.",
    () => servers.restarts,
  );
  gauge(metrics, "posta_deliveries", "Delivery processes that there should be.", () => deliveries.role.count);
  gauge(
    metrics,
    "posta_deliveries_serving",
    "Delivery processes that reach their stores.",
    () => deliveries.servingCount,
  );
  gauge(
    metrics,
    "posta_delivery_restarts",
    "How often a delivery process that ended by itself was started again.",
    () => deliveries.restarts,
  );
}

function gauge(metrics: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [metrics],
    collect() {
      this.set(read());
    },
  });
}
