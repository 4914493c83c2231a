import cluster from "node:cluster";
import { type Config, ConfigError, readConfig } from "../src/config/config.js";
import type { PostaProcess, ProcessEvents, ProcessHealth, Surroundings } from "../src/process/process.js";
import { captureOutput } from "../src/telemetry/log/capture.js";
import { createLog, type Logger } from "../src/telemetry/log/log.js";
import { packMetrics } from "../src/telemetry/metrics/histogram.js";
import { readOrder } from "./supervise/message-reader.js";
import {
  type ChildRole,
  type MetricsSnapshot,
  type ToChild,
  type ToPrimary,
  unfitExitCode,
} from "./supervise/messages.js";
import { leave } from "./terminal.js";

const healthIntervalMs = 1000;

/** Runs a forked process until it receives SIGTERM, or until its primary is gone. */
export async function runChild(role: ChildRole, surroundings: Surroundings): Promise<void> {
  const config = readConfig();
  const log = createLog(role, config.logLevel);
  captureOutput(log);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    leave(1);
  });
  const creating = create(role, config, log).catch(leaveUnfit);
  // Listen from the start: otherwise messages that arrive while this process loads its code would be lost.
  process.on("message", (sent) => {
    const order = readOrder(sent);
    if (order) void creating.then((work) => obey(work, order));
  });
  const work = await creating;

  let draining = false;
  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    await work.stop();
    await sendMetrics(work);
    leave(0);
  }
  // Send metrics in the form that a primary of any version can read, unless the primary asks for the packed form.
  let packed = false;
  async function sendMetrics({ metrics }: PostaProcess): Promise<void> {
    if (packed) return tell({ type: "metrics", metrics: await packMetrics(metrics) });
    const snapshot = (await metrics.getMetricsAsJSON()) as unknown as MetricsSnapshot;
    await tell({ type: "metrics", metrics: snapshot, snapshot });
  }
  function obey(work: PostaProcess, order: ToChild): void {
    if (order.type === "metrics") {
      packed = order.packed === true;
      void sendMetrics(work);
    }
    if (order.type === "log-level" && Object.hasOwn(log.levels.values, order.level)) log.level = order.level;
    if (order.type === "facts") work.health?.hear(order.facts);
    if (order.type === "withdraw") work.withdraw?.();
  }

  sendHealth(work.health);
  // Otherwise, when the primary is gone, Node ends this process immediately, with all calls in flight.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  process.on("disconnect", () => void drain());
  process.on("SIGTERM", () => void drain());
  // Ctrl-C signals the whole process group. The primary gets the signal too, and drains its children.
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  await work.start(surroundings).catch(leaveUnfit);
}

/** Sends health at each change, and each second, so that silence means a hang. A process without checks also sends. */
function sendHealth(health: ProcessHealth | undefined): void {
  const send = () => void tell({ type: "health", checks: health?.checks ?? [] });
  setInterval(send, healthIntervalMs).unref();
  health?.onChange(send);
}

/** Each role loads only its own code. */
async function create(role: ChildRole, config: Config, log: Logger): Promise<PostaProcess> {
  const events: ProcessEvents = {
    onServing: (serving) => tell({ type: "serving", serving }),
    onUnfit: leaveUnfit,
    onSchema: (state) => tell({ type: "schema", state }),
  };
  if (role === "delivery") return (await import("../src/process/delivery.js")).createDelivery(config, log, events);
  return (await import("../src/process/server.js")).createServer(config, log, events);
}

async function leaveUnfit(error: unknown): Promise<never> {
  if (!(error instanceof ConfigError)) throw error;
  await tell({ type: "unfit", message: error.message });
  return leave(unfitExitCode);
}

/** Resolves when the message is sent. If the primary is gone, sends nothing. */
function tell(message: ToPrimary): Promise<void> {
  if (!process.connected) return Promise.resolve();
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}
