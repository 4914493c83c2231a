import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { TestClient } from "../support/client.js";
import { startCluster } from "../support/posta.js";
import type { Release } from "../support/releases.js";

/** The workers of examples/ as their users run them. Those in Python and Go have only the contract and docs/workers.md. */

const path = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** How to start each example. scripts/try-examples.sh has installed and built what they need. */
const commands = {
  python: [path(".tools/python/bin/python"), path("examples/worker.py")],
  go: [path(".tools/bin/go-worker")],
  typescript: [path("node_modules/.bin/tsx"), path("examples/worker.ts")],
};

type Language = keyof typeof commands;

interface Example {
  process: ChildProcess;
  /** Ids of jobs in the order in which they were begun: an id for each attempt. */
  begun: string[];
  /** Ids of jobs whose reports were applied. */
  applied: string[];
  /** Resolves to the exit code. */
  ended: Promise<number>;
}

/** Starts an example on the queue "emails" of a Posta at `port`. */
export function startExample(language: Language, port: number, releases: Release[]): Example {
  const [program = "", ...args] = commands[language];
  const env = { ...process.env, ADDRESS: `127.0.0.1:${port}` };
  const child = spawn(program, [...args, "emails"], { env, stdio: ["ignore", "pipe", "inherit"] });
  releases.push(() => child.kill("SIGKILL"));
  const example: Example = {
    process: child,
    begun: [],
    applied: [],
    ended: once(child, "exit").then(([code]) => code as number),
  };
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, id = "", what = ""] = /^(\S+) attempt \d+: (\S+)/.exec(line) ?? [];
      if (what === "welcome") example.begun.push(id);
      if (/^(REPORT_VERDICT_(ALREADY_)?APPLIED|completed)$/.test(what)) example.applied.push(id);
    }
  });
  return example;
}

/** Starts a cluster with these settings, and answers how to add jobs to its queue "emails". */
export async function startPosta(releases: Release[], env: Record<string, string> = {}) {
  const cluster = await startCluster(env);
  releases.push(() => cluster.stop());
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  const add = async (count: number, data: object = {}): Promise<string[]> => {
    const jobs = Array.from({ length: count }, () => ({ name: "welcome", dataJson: JSON.stringify(data) }));
    const { results } = await client.queue("AddJobs", { queue: "emails", jobs });
    return results.map(({ jobId }: { jobId: string }) => jobId);
  };
  return { cluster, client, add };
}

/** Lets an example return a result that is over the limit. Expects that the job fails with that as its reason. */
export async function expectLargeResultFails(language: Language, releases: Release[]): Promise<void> {
  const { cluster, client } = await startPosta(releases, { POSTA_QUEUE_MAX_JOB_BYTES: "10" });
  startExample(language, cluster.port, releases);
  const job = { name: "welcome", dataJson: "{}", options: { attempts: 1 } };
  const { jobId } = await client.queue("AddJob", { queue: "emails", job });
  const read = async () => (await client.queue("GetJob", { queue: "emails", jobId })).job;
  await expect.poll(async () => (await read()).state).toBe("JOB_STATE_FAILED");
  expect((await read()).failedReason).toMatch(/return_value_json: \d+ bytes is over 10/);
}

/** Lets an example work 2500 jobs while servers are killed, and then drains it. Expects that each job is done once. */
export async function expectEachJobOnce(language: Language, releases: Release[]): Promise<void> {
  const { cluster, add } = await startPosta(releases);
  const worker = startExample(language, cluster.port, releases);
  const ids = await add(2000, { seconds: 0.01 });
  await expect.poll(() => worker.applied.length).toBeGreaterThan(200);
  for (const pid of await cluster.serverPids()) process.kill(pid, "SIGKILL");
  expect(worker.applied.length).toBeLessThan(2000);
  await expect
    .poll(() =>
      add(500).then(
        (more) => ids.push(...more),
        () => 0,
      ),
    )
    .toBeGreaterThan(2000);
  // A job whose lease was lost with its answer is back after 15 s.
  await expect.poll(() => new Set(worker.applied).size, { timeout: 60_000 }).toBe(2500);
  expect(worker.applied.toSorted()).toEqual(ids.toSorted());
  expect(new Set(worker.begun).size).toBe(2500);
  worker.process.kill("SIGTERM");
  expect(await worker.ended).toBe(0);
}
