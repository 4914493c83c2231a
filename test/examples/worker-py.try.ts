import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { TestClient } from "../support/client.js";
import { startCluster } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

/** examples/worker.py as its user runs it: it has only the contract, and docs/workers.md. */

const releases = useReleases();
const path = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

interface Example {
  process: ChildProcess;
  /** Ids of jobs that were begun, and of reports that were applied. */
  begun: string[];
  applied: string[];
  drained: Promise<number>;
}

function startWorker(port: number): Example {
  const python = path(".tools/python/bin/python");
  const env = { ...process.env, ADDRESS: `127.0.0.1:${port}` };
  const child = spawn(python, [path("examples/worker.py"), "emails"], { env, stdio: ["ignore", "pipe", "inherit"] });
  releases.push(() => child.kill("SIGKILL"));
  const example: Example = {
    process: child,
    begun: [],
    applied: [],
    drained: once(child, "exit").then(([code]) => code as number),
  };
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, id = "", what = ""] = /^(\S+) attempt \d+: (\S+)/.exec(line) ?? [];
      if (what === "welcome") example.begun.push(id);
      if (/^REPORT_VERDICT_(ALREADY_)?APPLIED$/.test(what)) example.applied.push(id);
    }
  });
  return example;
}

it("does each job once while servers are killed, and drains at SIGTERM", async () => {
  const cluster = await startCluster();
  releases.push(() => cluster.stop());
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  const add = async (count: number): Promise<string[]> => {
    const jobs = Array.from({ length: count }, () => ({ name: "welcome" }));
    const { results } = await client.queue("AddJobs", { queue: "emails", jobs });
    return results.map(({ jobId }: { jobId: string }) => jobId);
  };
  const worker = startWorker(cluster.port);
  const ids = await add(2000);
  await expect.poll(() => worker.applied.length).toBeGreaterThan(200);
  for (const pid of await cluster.serverPids()) process.kill(pid, "SIGKILL");
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
  expect(await worker.drained).toBe(0);
});
