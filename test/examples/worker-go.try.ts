import { expect, it } from "vitest";
import { useReleases } from "../support/releases.js";
import { expectEachJobOnce, expectLargeResultFails, startExample, startPosta } from "./example.js";

/** examples/go-worker, which uses sessions. */

const releases = useReleases();

it("does each job once while servers are killed, and drains at SIGTERM", async () => {
  await expectEachJobOnce("go", releases);
});

it("fails a job whose result is too large, instead of sending it for ever", async () => {
  await expectLargeResultFails("go", releases);
});

it("takes a running job along in a rolling restart, stops it when it is cancelled, and ends when it is asked to", async () => {
  const { cluster, client, add } = await startPosta(releases);
  const worker = startExample("go", cluster.port, releases);
  const [long = ""] = await add(1, { seconds: 600 });
  await expect.poll(() => worker.begun).toEqual([long]);
  cluster.process.kill("SIGHUP");
  await cluster.untilOutput(/rolling restart: done/);
  // Only a server to which the worker has named the job can tell the worker that the job is cancelled.
  await client.worker("CancelJob", { queue: "emails", jobId: long, reason: "the customer left" });
  await expect.poll(() => worker.applied).toEqual([long]);
  const { job } = await client.queue("GetJob", { queue: "emails", jobId: long });
  expect(job).toMatchObject({ state: "JOB_STATE_FAILED", failedReason: "cancelled: the customer left" });

  const [last = ""] = await add(1, { seconds: 2 });
  await expect.poll(() => worker.begun).toEqual([long, last]);
  const { workers } = await client.worker("ListWorkers", { queue: "emails" });
  await client.worker("DrainWorker", { worker: workers[0].worker });
  expect(await worker.ended).toBe(0);
  expect(worker.applied).toEqual([long, last]);
});
