import cluster from "node:cluster";
import { createServer } from "../src/app.js";
import { ConfigError, readConfig } from "../src/config.js";
import { createLog } from "../src/log.js";
import { type ToChild, type ToPrimary, unfitExitCode } from "./messages.js";
import { leave } from "./terminal.js";

/** What a forked server process does: serves until it is told to drain, or until its primary is gone. */
export async function runServer(): Promise<void> {
  const config = readConfig();
  const log = createLog("server", config.logLevel);
  const server = createServer(config, log, {
    onServing: (serving) => tell({ type: "serving", serving }),
    onUnfit: leaveUnfit,
  });

  let draining = false;
  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    await server.stop();
    await sendMetrics();
    leave(0);
  }
  async function sendMetrics(): Promise<void> {
    const snapshot = await server.metrics.getMetricsAsJSON();
    await tell({ type: "metrics", snapshot: snapshot as never });
  }

  process.on("message", (message: ToChild) => void (message.type === "drain" ? drain() : sendMetrics()));
  // Or Node ends the process at once when its primary is gone, with all calls in flight.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  process.on("disconnect", () => void drain());
  process.on("SIGTERM", () => void drain());
  // Ctrl-C reaches the whole process group: the primary is told too, and drains its children.
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    process.exit(1);
  });
  await server.start().catch(leaveUnfit);
}

async function leaveUnfit(error: unknown): Promise<void> {
  if (!(error instanceof ConfigError)) throw error;
  await tell({ type: "unfit", message: error.message });
  process.exit(unfitExitCode);
}

/** Resolves when the message is on its way; a primary that is gone needs to know nothing. */
function tell(message: ToPrimary): Promise<void> {
  if (!process.connected) return Promise.resolve();
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}
