import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { TestClient } from "../support/client.js";
import { freshPrefix, startCluster } from "../support/posta.js";
import { createDatabase } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import type { Plan } from "./plan.js";
import { startProxy } from "./proxy.js";
import { type Entry, Ledger, steadyNow } from "./worker/ledger.js";

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const queues = ["mail", "report"];

export type WorkerKind = "session" | "calls" | "bull";

export interface WorkerProcess {
  kind: WorkerKind;
  name: string;
  process: ChildProcess;
}

/** A cluster, its Redis, and workers in processes of their own, which can all be struck. */
export type World = Awaited<ReturnType<typeof createWorld>>;

export async function createWorld(plan: Plan, releases: (() => unknown)[]) {
  const folder = mkdtempSync(join(tmpdir(), "posta-worker-faults-"));
  releases.push(() => rmSync(folder, { recursive: true, force: true }));
  const [clocks, ledgers] = [join(folder, "clocks"), join(folder, "ledgers")];
  for (const made of [clocks, ledgers]) mkdirSync(made);
  const redis = await startRedis({ appendfsync: plan.killsRedis ? "always" : "everysec" });
  releases.push(() => redis.stop());
  const database = await createDatabase();
  releases.push(() => database.drop());
  const prefix = freshPrefix();
  const shifted = plan.shiftsClocks
    ? { NODE_OPTIONS: `--import ${path("worker/clock.mjs")}`, FAULT_CLOCKS: clocks }
    : {};
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: redis.url,
    POSTA_DATABASE_URL: database.url,
    POSTA_QUEUE_PREFIX: prefix,
    POSTA_ANALYTICS_PREFIX: freshPrefix(),
    POSTA_DRAIN_TIMEOUT: "5s",
    POSTA_LOG_LEVEL: "silent",
    ...shifted,
  });
  releases.push(() => cluster.stop());
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  const proxy = await startProxy(cluster.port);
  releases.push(() => proxy.stop());
  let begunAt = steadyNow();
  const timeline: string[] = [];
  const workers: WorkerProcess[] = [];
  let count = 0;

  function startWorker(kind: WorkerKind): void {
    const name = `${kind}-${++count}`;
    const args = [kind, name, join(ledgers, name), proxy.address, redis.socket, prefix, ...queues];
    const started = fork(path("worker/main.ts"), args, {
      execArgv: ["--import", "tsx"],
      env: { ...process.env, ...shifted },
    });
    workers.push({ kind, name, process: started });
  }

  releases.push(() => {
    for (const { process: worker } of workers) worker.kill("SIGKILL");
  });
  const kinds: WorkerKind[] = ["session", "session", "calls", plan.withBullWorkers ? "bull" : "calls"];
  for (const kind of kinds) startWorker(kind);

  return {
    queues,
    prefix,
    cluster,
    client,
    proxy,
    redis,
    workers,
    /** The jobs that were to be cancelled, as "queue/job". */
    cancelled: new Set<string>(),
    /** What was done when, for the history of a failure. */
    timeline,
    /** When the run began, on the steady clock. */
    get begunAt() {
      return begunAt;
    },
    note(what: string): void {
      timeline.push(`${Math.round(steadyNow() - begunAt)} ms: ${what}`);
    },
    /** A worker of the same kind takes the place of one that is gone. */
    replaceWorker(gone: WorkerProcess): void {
      workers.splice(workers.indexOf(gone), 1);
      startWorker(gone.kind);
    },
    shiftClock(pid: number, ms: number): void {
      writeFileSync(join(clocks, String(pid)), String(ms));
    },
    resetClocks(): void {
      for (const pid of readdirSync(clocks)) writeFileSync(join(clocks, pid), "0");
    },
    /** All that all workers wrote. */
    readLedgers: (): Entry[] => readdirSync(ledgers).flatMap((name) => Ledger.read(join(ledgers, name))),
    /** Resolves when the queues keep all their events, and the workers are there. */
    async untilReady(): Promise<void> {
      for (const queue of queues) {
        const set = () => client.queue("SetQueueLimits", { queue, limits: { maxEvents: 1_000_000 } }).then(() => true);
        await expect.poll(() => set().catch(() => false), { interval: 100 }).toBe(true);
      }
      await expect.poll(() => readdirSync(ledgers).length, { interval: 50 }).toBe(workers.length);
      begunAt = steadyNow();
    },
  };
}
