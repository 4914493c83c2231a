/**
 * A worker for Posta in TypeScript, while `make up` runs: node --import tsx examples/worker.ts emails
 *
 * Ctrl-C, or SIGTERM, lets it finish the jobs that it has. ADDRESS=127.0.0.1:50051 and TOKEN are read from the
 * environment. clients/typescript/README.md has what else a worker can do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { worker } from "@posta/client";

const { ADDRESS = "127.0.0.1:50051", TOKEN } = process.env;

const emails = worker<{ seconds?: number }>(
  process.argv[2] ?? "emails",
  async (job, { signal }) => {
    console.log(`${job.id} attempt ${job.attempt}: ${job.name} ${JSON.stringify(job.data)}`);
    await sleep((job.data.seconds ?? 0) * 1000, undefined, { signal }); // Your own work, which stops when it is told to.
    return { done: job.name };
  },
  { address: ADDRESS, ...(TOKEN ? { token: TOKEN } : {}), concurrency: 10 },
);
emails.on("completed", (job) => console.log(`${job.id} attempt ${job.attempt}: completed`));
