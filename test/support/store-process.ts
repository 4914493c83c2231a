import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** The process of a store that a test kills, and starts again on the same data. */
export interface StoreProcess {
  readonly pid: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

/** Runs a store's process, and waits until it is ready. */
export async function runStore(run: () => ChildProcess, untilReady: () => Promise<unknown>): Promise<StoreProcess> {
  let server = run();
  await untilReady();

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
      server = run();
      await untilReady();
    },
  };
}
