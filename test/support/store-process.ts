import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** The process of a store that a test kills, and starts again on the same data. */
export interface StoreProcess {
  readonly pid: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

/** Runs a store's process, and waits until it is ready. */
export async function runStore(run: () => ChildProcess, untilReady: () => Promise<unknown>): Promise<StoreProcess> {
  let server: ChildProcess;
  await start();

  /** A PostgreSQL that was killed leaves children for a moment, and beside these no other starts: it is started again. */
  async function start(): Promise<void> {
    const ready = untilReady().then(() => true);
    do server = run();
    while (!(await Promise.race([ready, once(server, "exit").then(() => sleep(100, false))])));
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill(signal);
    server.kill("SIGCONT");
    await gone;
  }

  return {
    get pid() {
      return server.pid as number;
    },
    kill,
    async restart() {
      await kill();
      await start();
    },
  };
}
