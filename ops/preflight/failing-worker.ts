/**
 * Fails jobs of a queue, as many as its plan says, in a process of its own. Reads a JSON plan from standard input; writes
 * `{}` to standard output when it is done.
 */
import { text } from "node:stream/consumers";
import { Worker } from "bullmq";
import { Redis } from "ioredis";

export interface FailingPlan {
  socket: string;
  queue: string;
  jobs: number;
}

const plan = JSON.parse(await text(process.stdin)) as FailingPlan;
const connection = new Redis({ path: plan.socket, maxRetriesPerRequest: null });
let failed = 0;
await new Promise<void>((resolve, reject) => {
  const fail = async () => {
    throw new Error("131026: the recipient cannot be reached");
  };
  const worker = new Worker(plan.queue, fail, { connection, concurrency: 200 });
  worker.on("error", reject);
  worker.on("failed", () => {
    failed += 1;
    if (failed === plan.jobs) worker.close().then(resolve, reject);
  });
});
connection.disconnect();
console.log("{}");
