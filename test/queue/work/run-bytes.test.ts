import { describe, expect, it } from "vitest";
import type { Change, LeasedJob, LeaseRequest } from "../../../src/queue/work/work.js";
import { WorkBatcher } from "../../../src/queue/work/work-batcher.js";
import type { WorkScript } from "../../../src/queue/work/work-script.js";
import { freshQueue, lease, posta, withWork } from "./work-setup.js";

/** How much one run of the script carries, however many workers ask and report at the same time. */

const mib = 1 << 20;
const request: LeaseRequest = { worker: "w", count: 1, maxBytes: 4 * mib, leaseMs: 30_000, repeatKey: "" };

async function addLarge(queue: string, count: number, bytes: number): Promise<string[]> {
  const dataJson = JSON.stringify("x".repeat(bytes - 2));
  const ids = [];
  for (let added = 0; added < count; added += 1) {
    const { jobId } = await posta.client.queue("AddJob", { queue, job: { name: "n", dataJson } });
    ids.push(jobId);
  }
  return ids;
}

const bytesOf = (jobs: readonly LeasedJob[]) => jobs.reduce((bytes, { dataJson }) => bytes + dataJson.length, 0);

describe("one run", () => {
  it("hands out 4 MiB, and leaves the other requests for the next run", async () => {
    const queue = freshQueue();
    await addLarge(queue, 9, mib / 2 - 1000);
    await withWork(async ({ script }) => {
      const { leases } = await script.run(queue, [], [...Array(9).fill(request), { ...request, count: 100 }]);
      expect(leases.map((jobs) => jobs?.length)).toEqual([...Array(8).fill(1), undefined, undefined]);
      expect(bytesOf(leases.flatMap((jobs) => jobs ?? []))).toBeLessThan(4 * mib);
    });
  });

  it("counts the jobs of an answer that it repeats", async () => {
    const queue = freshQueue();
    await addLarge(queue, 6, mib - 1000);
    await withWork(async ({ script }) => {
      const again = { ...request, count: 5, repeatKey: "r" };
      const first = await script.run(queue, [], [again]);
      expect(first.leases.map((jobs) => jobs?.length)).toEqual([4]);
      const { leases } = await script.run(queue, [], [again, request]);
      expect(leases.map((jobs) => jobs?.length)).toEqual([4, undefined]);
    });
  });

  it("repeats an answer only as far as it fits, though its jobs have grown", async () => {
    const queue = freshQueue();
    await addLarge(queue, 5, 10);
    await withWork(async ({ script }) => {
      const asked = { ...request, count: 5, repeatKey: "r" };
      const [jobs = []] = (await script.run(queue, [], [asked])).leases;
      const step = { kind: "data", json: JSON.stringify("x".repeat(mib - 1000)) } as const;
      const updates = jobs.map(({ id: jobId, token }) => ({ jobId, token, step }));
      expect((await script.run(queue, updates, [])).verdicts).toEqual(Array(5).fill("applied"));
      const small = { ...asked, maxBytes: 1000 };
      const { leases } = await script.run(queue, [], [asked, small]);
      expect(leases.map((answer) => answer?.length)).toEqual([4, undefined]);
      expect((await script.run(queue, [], [small])).leases.map((answer) => answer?.length)).toEqual([1]);
    });
  });

  it("brings 1 MiB of reports", async () => {
    const sizes: number[] = [];
    const script = {
      async run(_queue: string, changes: readonly Change[]) {
        sizes.push(changes.length);
        return { verdicts: changes.map(() => "applied"), leases: [], doomed: [], hint: { retryMs: undefined } };
      },
    } as unknown as WorkScript;
    const wide = "€".repeat(100_000); // 300,000 bytes of UTF-8.
    const lease = { jobId: "j", token: "t" };
    const changes: Change[] = [
      { ...lease, outcome: { kind: "complete", valueJson: wide } },
      { ...lease, outcome: { kind: "fail", message: wide, stack: wide, unrecoverable: false, retryMs: undefined } },
      { ...lease, step: { kind: "data", json: wide } },
      { ...lease, step: { kind: "log", line: wide } },
      { ...lease, outcome: { kind: "complete", valueJson: wide.repeat(5) } },
      { ...lease, outcome: { kind: "release" } },
      { ...lease, outcome: { kind: "cancelled", message: wide.repeat(3) } },
      { jobId: wide, token: "t", outcome: { kind: "release" } },
    ];
    await new WorkBatcher(script).change("q", changes);
    expect(sizes).toEqual([2, 2, 1, 2, 1]);
  });
});

describe("workers that ask at the same time", () => {
  it("each get a job, though one run has no room for all", async () => {
    const queue = freshQueue();
    const ids = await addLarge(queue, 12, mib - 1000);
    await withWork(async ({ batcher }) => {
      const answers = await Promise.all(Array.from({ length: 13 }, () => batcher.lease(queue, request)));
      expect(answers.flatMap(({ jobs }) => jobs.map(({ id }) => id)).sort()).toEqual(ids.sort());
    });
    expect(await lease(queue)).toEqual([]);
  });
});
