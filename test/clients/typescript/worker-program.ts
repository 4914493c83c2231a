/** A program that works, for tests of whole processes: QUEUES, ADDRESS, and TASK are in its environment. */
import { setTimeout as sleep } from "node:timers/promises";
import { worker } from "../../../clients/typescript/src/index.js";

const { QUEUES = "", ADDRESS = "", TASK = "", STOP_MS = "20000" } = process.env;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Keeps the event loop from everything, as a long computation does. */
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

for (const queue of QUEUES.split(",")) {
  const started = worker(
    queue,
    async (job, { signal }) => {
      say(`begun ${job.id} ${job.attempt}`);
      if (TASK === "short") await sleep(500);
      if (TASK === "deaf") await sleep(600_000);
      if (TASK === "throw") throw new Error("the job's");
      if (TASK === "block" && job.attempt === 1) {
        block(6000);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        say(`aborted ${job.id} ${(signal.reason as Error).name}`);
      }
      say(`done ${job.id} ${job.attempt}`);
    },
    { address: ADDRESS, leaseMs: 3000, stopMs: Number(STOP_MS), log: say },
  );
  started.on("failed", () => {
    throw new Error("a listener's");
  });
}
