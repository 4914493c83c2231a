import cluster from "node:cluster";
import { setFlagsFromString } from "node:v8";
import closeWithGrace from "close-with-grace";
import type { Registry } from "prom-client";
import { type Config, ConfigError, readConfig } from "../src/config/config.js";
import { createMonitor } from "../src/process/monitor.js";
import { captureOutput } from "../src/telemetry/log/capture.js";
import { createLog, type Logger } from "../src/telemetry/log/log.js";
import { createMetrics } from "../src/telemetry/metrics/registry.js";
import { Admin } from "./admin/admin.js";
import { LogLevel } from "./admin/log-level.js";
import { requireFreePort } from "./admin/ports.js";
import { QueueUi } from "./admin/queue-ui.js";
import { createRoutes } from "./admin/routes.js";
import { announce, countChildren, warnOfEqualCallers } from "./announce.js";
import { EmbeddedStores, type StoreUrls } from "./embedded/embedded.js";
import { StatusCollector } from "./status/collector.js";
import { ClusterHealth } from "./status/health.js";
import { MergedMetrics } from "./status/merge-metrics.js";
import { unfitExitCode } from "./supervise/messages.js";
import { createRoll } from "./supervise/roll.js";
import { type Role, Supervisor } from "./supervise/supervisor.js";
import { isForeground, leave, onTerminalGone, printProblem } from "./terminal.js";

/**
 * V8 flags of a server, measured in docs/performance.md. V8 collects the old generation when it has grown to 1.9 times
 * its live size. V8's default factor, 4 for a small heap, lets a server keep 60 MiB more garbage on Node 24. With a
 * factor of 1.5, collections took a fifth of a server's time. A young generation of 8 MiB instead of 16 MiB saves about
 * 20 MiB for each server.
 */
const serverFlags = ["--max-semi-space-size=8", "--heap-growing-percent=90"];

/** V8 flags of a delivery process. No call waits for this process, so it may be slower to save 75 MiB under load. */
const deliveryFlags = ["--max-semi-space-size=4", "--optimize-for-size"];

/**
 * V8 flags of the primary, set at run time because nobody starts the primary with flags. Merging metrics makes much
 * garbage. Without the flags, the young generation would grow by 20 MiB, and the old one by 100 MiB.
 */
const ownFlags = ["--semi-space-growth-factor=1", "--heap-growing-percent=50"];

/** Undoes one step of the start. */
type Release = () => void | Promise<void>;

/** Runs the first process, which owns the embedded stores, the children and the admin port, until a signal ends it. */
export async function runPrimary(): Promise<void> {
  for (const flag of ownFlags) setFlagsFromString(flag);
  const config = readConfig();
  const log = createLog("primary", config.logLevel);
  captureOutput(log);
  const releases: Release[] = [];
  let released: Promise<void> | undefined;
  async function release(): Promise<void> {
    for (const undo of releases.reverse().splice(0)) await undo();
  }
  /** Runs once, however often it is called. */
  function releaseAll(): Promise<void> {
    released ??= release();
    return released;
  }
  // Install this first, so that a signal during the start also ends the process.
  const supervisors: Supervisor[] = [];
  const giveUp = stopOnSignal(supervisors, releaseAll, log);
  try {
    const { servers, deliveries, completed } = await start(config, log, releases, () => released !== undefined);
    supervisors.push(servers, deliveries);
    for (const supervisor of supervisors) supervisor.once("fatal", giveUp);
    const roll = createRoll(servers, deliveries, log);
    process.on("SIGHUP", () => void (isForeground ? stopOnHangup(releaseAll) : roll()));
    onTerminalGone(() => void stopOnHangup(releaseAll));
    await completed;
  } catch (error) {
    if (released) return released; // A signal came first, and already releases everything.
    await releaseAll();
    throw error;
  }
}

/** Resolves when the servers are started. They serve jobs even if the rest of the start fails. */
async function start(config: Config, log: Logger, releases: Release[], isStopping: () => boolean) {
  /** After a signal nothing more is opened: nobody would close it. */
  const goOn = () => {
    if (isStopping()) throw new Error("stopped by a signal while starting");
  };

  const begun = performance.now();
  await requireFreePort("POSTA_GRPC_PORT", config.host, config.grpcPort);
  await requireFreePort("POSTA_HTTP_PORT", config.host, config.httpPort);
  goOn();
  warnOfEqualCallers(config, log);
  const stores = new EmbeddedStores(config, log);
  releases.push(() => stores.stop());
  const { queue, others } = stores.start();
  await queue;
  goOn();
  const metrics = createMetrics({ countsProgram: true });
  const [servers, deliveries] = createSupervisors(config, stores.urls, log);
  const { POSTA_QUEUE_REDIS_URL: queueRedisUrl, POSTA_ANALYTICS_REDIS_URL: analyticsRedisUrl } = stores.urls;
  const monitor = createMonitor({ ...config, queueRedisUrl, analyticsRedisUrl }, log, metrics);
  const health = new ClusterHealth(servers, deliveries, stores.folders, monitor.readBacklog, log);
  await openAdmin(config, { servers, deliveries, health, metrics, monitor }, log, releases);
  goOn();
  monitor.start();
  releases.push(() => monitor.stop());
  health.start();
  releases.push(() => health.stop());
  countChildren(metrics, servers, deliveries);
  // Supervisor sets the options of each role. Inspector port 0 means any free port; Node prints the chosen port.
  cluster.setupPrimary({ serialization: "advanced", inspectPort: 0 });
  releases.push(() => stopAll(servers, deliveries, config.stopDelayMs));
  servers.start();
  const completed = others.then(() => {
    deliveries.start();
    announce(config, stores.describe(), servers, begun);
  });
  return { servers, deliveries, completed };
}

interface Shown {
  servers: Supervisor;
  deliveries: Supervisor;
  health: ClusterHealth;
  metrics: Registry;
  monitor: ReturnType<typeof createMonitor>;
}

/** Opens the admin port for SREs, and starts to collect its figures. */
async function openAdmin(config: Config, shown: Shown, log: Logger, releases: Release[]): Promise<void> {
  const { servers, deliveries, health, metrics, monitor } = shown;
  const supervisors = [servers, deliveries];
  const merged = new MergedMetrics(metrics, supervisors);
  const status = new StatusCollector(metrics, supervisors, merged, log);
  const logLevel = new LogLevel(log, supervisors);
  const queueUi = new QueueUi(config, () => monitor.openQueueHandles(), log);
  const admin = new Admin(config, createRoutes({ health, metrics: merged, status, logLevel, queueUi }));
  await admin.listen();
  releases.push(() => admin.close());
  status.start();
  releases.push(() => status.stop());
}

function createSupervisors(config: Config, urls: StoreUrls, log: Logger): [Supervisor, Supervisor] {
  const { inspect, drainTimeoutMs } = config;
  // Only servers get an inspector, because no other process handles calls.
  const flags = inspect ? [...serverFlags, "--inspect=127.0.0.1:0"] : serverFlags;
  const servers: Role = { name: "server", count: config.servers, flags, env: { ...urls } };
  const deliveries: Role = { name: "delivery", count: config.deliveries, flags: deliveryFlags, env: { ...urls } };
  return [new Supervisor(servers, drainTimeoutMs, log), new Supervisor(deliveries, drainTimeoutMs, log)];
}

/** No balancer sends anything to a delivery process, so its stop has no delay. */
async function stopAll(servers: Supervisor, deliveries: Supervisor, delayMs: number): Promise<void> {
  await Promise.all([servers.stop(delayMs), deliveries.stop()]);
}

/** In the foreground, SIGHUP means that the terminal is gone. It may come twice; the second time does nothing. */
async function stopOnHangup(releaseAll: () => Promise<void>): Promise<void> {
  await releaseAll();
  leave(0);
}

/** Stops on a signal. Answers the function to call when a supervisor cannot continue. */
function stopOnSignal(supervisors: Supervisor[], releaseAll: () => Promise<void>, log: Logger): (error: Error) => void {
  const endAtOnce = () => {
    for (const supervisor of supervisors) supervisor.kill();
    leave(1);
  };
  const skip: closeWithGrace.AllEvents[] = ["SIGHUP", "SIGUSR2", "beforeExit"];
  // No time-out here: the supervisor kills children that do not drain, and embedded stores that do not stop are killed.
  const grace = closeWithGrace({ delay: false, logger: log, skip, onSecondSignal: endAtOnce }, async ({ err }) => {
    if (err) log.fatal({ err }, "the primary fails");
    await releaseAll();
    leave(err ? 1 : 0);
  });
  const giveUp = (error: Error) => {
    printProblem(error);
    grace.uninstall();
    void releaseAll().finally(() => leave(error instanceof ConfigError ? unfitExitCode : 1));
  };
  return giveUp;
}
