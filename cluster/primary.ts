import cluster from "node:cluster";
import closeWithGrace from "close-with-grace";
import { Gauge } from "prom-client";
import { type Config, ConfigError, readConfig } from "../src/config.js";
import { createLog, type Logger } from "../src/log.js";
import { createMetrics } from "../src/metrics.js";
import { createQueueMonitor } from "../src/monitor.js";
import { Admin } from "./admin.js";
import { EmbeddedRedis } from "./embedded.js";
import { MergedMetrics } from "./merge.js";
import { unfitExitCode } from "./messages.js";
import { requireFreePort } from "./ports.js";
import { Supervisor } from "./supervisor.js";
import { isForeground, leave } from "./terminal.js";

/** A young generation of 8 MiB instead of 16: it saves some 20 MiB a server under load, for a few percent of its rate. */
const serverFlags = ["--max-semi-space-size=8"];

/** Undoes one step of the start. */
type Release = () => void | Promise<void>;

/** What the first process does: owns the embedded stores, the servers and the admin port, until a signal ends it. */
export async function runPrimary(): Promise<void> {
  const config = readConfig();
  const log = createLog("primary", config.logLevel);
  const releases: Release[] = [];
  let released: Promise<void> | undefined;
  async function release(): Promise<void> {
    for (const undo of releases.reverse().splice(0)) await undo();
  }
  /** Once, however many ask for it. */
  function releaseAll(): Promise<void> {
    released ??= release();
    return released;
  }
  try {
    const supervisor = await start(config, log, releases);
    stopOnSignal(supervisor, releaseAll, log);
    process.on("SIGHUP", () => void (isForeground ? stopOnHangup(releaseAll) : supervisor.roll()));
  } catch (error) {
    await releaseAll();
    throw error;
  }
}

async function start(config: Config, log: Logger, releases: Release[]): Promise<Supervisor> {
  await requireFreePort("POSTA_GRPC_PORT", config.host, config.grpcPort);
  await requireFreePort("POSTA_HTTP_PORT", config.host, config.httpPort);
  const queueRedisUrl = config.queueRedisUrl ?? (await startRedis(config, log, releases));
  const metrics = createMetrics();
  // `delivery` joins here, a supervisor of its own, once there is something to deliver.
  const supervisor = new Supervisor(
    config.servers,
    { POSTA_QUEUE_REDIS_URL: queueRedisUrl },
    config.drainTimeoutMs,
    log,
  );
  const admin = new Admin(config, supervisor, new MergedMetrics(metrics, supervisor));
  await admin.listen();
  releases.push(() => admin.close());
  const monitor = createQueueMonitor({ ...config, queueRedisUrl }, log, metrics);
  monitor.start();
  releases.push(() => monitor.stop());
  countServers(metrics, supervisor);
  setupServers(config);
  supervisor.start();
  releases.push(() => supervisor.stop());
  announce(config, supervisor);
  return supervisor;
}

/** How children are run. Only they are inspected: the primary handles no call. */
function setupServers({ inspect }: Config): void {
  const execArgv = [...process.execArgv, ...serverFlags];
  cluster.setupPrimary({ args: [], execArgv, serialization: "advanced" });
  if (!inspect) return;
  // Port 0: any that is free, so that neither a second Posta nor a rolling restart finds it taken. Node prints which.
  cluster.setupPrimary({ execArgv: [...execArgv, "--inspect=127.0.0.1:0"], inspectPort: 0 });
}

/** From a terminal the signal means that the terminal is gone. It may come twice; the second finds nothing to do. */
async function stopOnHangup(releaseAll: () => Promise<void>): Promise<void> {
  await releaseAll();
  leave(0);
}

async function startRedis(config: Config, log: Logger, releases: Release[]): Promise<string> {
  const redis = new EmbeddedRedis(config.dataDir, log);
  releases.push(() => redis.stop());
  await redis.start();
  return `unix://${redis.socket}`;
}

function countServers(metrics: ReturnType<typeof createMetrics>, supervisor: Supervisor): void {
  const registers = [metrics];
  new Gauge({
    name: "posta_servers_serving",
    help: "Server processes that take calls.",
    registers,
    collect() {
      this.set(supervisor.servingCount);
    },
  });
  new Gauge({
    name: "posta_server_restarts",
    help: "How often a server process that ended by itself was started again.",
    registers,
    collect() {
      this.set(supervisor.restarts);
    },
  });
}

/** Says where everything is, once all servers serve. */
function announce(config: Config, supervisor: Supervisor): void {
  const begun = performance.now();
  const timer = setInterval(() => {
    if (supervisor.servingCount < config.servers) return;
    clearInterval(timer);
    const { host, grpcPort, httpPort, adminHost, adminPort, servers } = config;
    const stores = config.queueRedisUrl ? "external Redis" : `embedded Redis in ${config.dataDir}`;
    const tls = config.tlsCertFile ? "TLS" : "plain text";
    const took = Math.round(performance.now() - begun);
    console.log(
      `posta: gRPC ${host}:${grpcPort} (${tls}), HTTP ${host}:${httpPort}, admin http://${adminHost}:${adminPort}, ${servers} servers, ${stores}; ready in ${took} ms`,
    );
  }, 10);
  timer.unref();
}

function stopOnSignal(supervisor: Supervisor, releaseAll: () => Promise<void>, log: Logger): void {
  const endAtOnce = () => {
    supervisor.kill();
    leave(1);
  };
  const skip: closeWithGrace.AllEvents[] = ["SIGHUP", "SIGUSR2", "beforeExit"];
  // No time-out of its own: the supervisor kills what does not drain, and the embedded store what does not stop.
  const grace = closeWithGrace({ delay: false, logger: log, skip, onSecondSignal: endAtOnce }, async ({ err }) => {
    if (err) log.fatal({ err }, "the primary fails");
    await releaseAll();
  });
  supervisor.once("fatal", (error) => {
    console.error(error.message.replace(/^/gm, "posta: "));
    grace.uninstall();
    void releaseAll().finally(() => process.exit(error instanceof ConfigError ? unfitExitCode : 1));
  });
}
