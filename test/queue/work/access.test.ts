import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { status } from "@grpc/grpc-js";
import { describe, expect, inject, it } from "vitest";
import { startServer } from "../../support/posta.js";
import { add, freshQueue, type Held, posta, releases, seconds } from "./work-setup.js";

/** Who may work, and with what requests. */

/** A server that knows callers by the tokens p, w and b. `as`: the metadata of a caller. */
async function startGuarded() {
  const hash = (token: string) => createHash("sha256").update(token).digest("hex");
  const file = join(mkdtempSync(join(tmpdir(), "posta-workers-")), "callers");
  releases.push(() => rmSync(dirname(file), { recursive: true }));
  writeFileSync(file, `producer ${hash("p")} queue:*\nworker ${hash("w")} work:mail*\nboth ${hash("b")} *\n`);
  const guarded = await startServer(inject("redisUrl"), { POSTA_AUTH_FILE: file });
  releases.push(() => guarded.stop());
  await guarded.serving;
  return { guarded, as: (token: string) => ({ metadata: { authorization: `Bearer ${token}` } }) };
}

describe("who may work", () => {
  it("gets no jobs of another caller's request by its worker's name and request id", async () => {
    const { guarded, as } = await startGuarded();
    const jobs = [{ name: "n" }, { name: "n" }];
    await guarded.client.queue("AddJobs", { queue: "mails", jobs }, as("b"));
    const request = { queue: "mails", worker: "w", requestId: "r-1" };
    const leaseAs = async (token: string): Promise<Held> =>
      (await guarded.client.worker("LeaseJobs", request, as(token))).jobs[0];
    const [one, other, again] = [await leaseAs("w"), await leaseAs("b"), await leaseAs("w")];
    expect(other.jobId).not.toBe(one.jobId);
    expect(again).toMatchObject({ jobId: one.jobId, leaseToken: one.leaseToken });
  });

  it("is said by the caller's grants, apart from who may add", async () => {
    const { guarded, as } = await startGuarded();
    const call = (token: string, queue: string) => {
      return guarded.client.worker("LeaseJobs", { queue, worker: "w" }, as(token)).then(
        () => status.OK,
        ({ code }) => code,
      );
    };
    expect(await call("p", "mails")).toBe(status.PERMISSION_DENIED);
    expect(await call("w", "mails")).toBe(status.OK);
    expect(await call("w", "other")).toBe(status.PERMISSION_DENIED);
    expect(await call("b", "other")).toBe(status.OK);
    expect(await call("none", "mails")).toBe(status.UNAUTHENTICATED);
  });

  it("tells a caller who drains a worker nothing of workers and queues that are others'", async () => {
    const { guarded, as } = await startGuarded();
    const code = (token: string, worker: string) =>
      guarded.client.worker("DrainWorker", { worker }, as(token)).catch((error: Error) => error.message);
    await guarded.client.worker("LeaseJobs", { queue: "other", worker: "theirs" }, as("b"));
    for (const queue of ["mails", "other"])
      await guarded.client.worker("LeaseJobs", { queue, worker: "both" }, as("b"));
    const isThere = async () => (await guarded.client.worker("ListWorkers", {}, as("b"))).workers.length;
    await expect.poll(isThere).toBe(2);
    expect(await code("w", "theirs")).toMatch(/NOT_FOUND: there is no worker "theirs"$/);
    expect(await code("w", "both")).toMatch(
      /PERMISSION_DENIED: the caller may not work on all queues of the worker "both"$/,
    );
  });

  it.each<[string, object, RegExp]>([
    ["no worker", { worker: "" }, /^worker: is required/],
    ["no queue", { queue: "" }, /^queue: is required/],
    ["one of Posta's own queues", { queue: "posta-x" }, /^queue: "posta-x" is reserved/],
    ["no job", { maxJobs: 0 }, /^max_jobs: 0 is under 1/],
    ["too many jobs", { maxJobs: 101 }, /^max_jobs: 101 is over 100/],
    ["a lease that is too short", { lease: { seconds: 0, nanos: 1e6 } }, /^lease: 1 ms is under 1000 ms/],
    ["a wait that is too long", { wait: seconds(51) }, /^wait: 51000 ms is over 50000 ms/],
    ["no bytes", { maxBytes: 0 }, /^max_bytes: 0 is under 1/],
  ])("with %s gets an error that names the field", async (_, request, message) => {
    const error = await posta.client
      .worker("LeaseJobs", { queue: "q", worker: "w", ...request })
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(message) });
  });

  it("may work over HTTP, too", async () => {
    const queue = freshQueue();
    await add(queue);
    const call = async (method: string, body: object) => {
      const url = `${posta.httpUrl}/posta.queue.v1.WorkerService/${method}`;
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return answer.json() as Promise<Record<string, Record<string, string>[]>>;
    };
    const { jobs = [] } = await call("LeaseJobs", { queue, worker: "w", wait: "1s" });
    const [{ jobId, leaseToken } = {}] = jobs;
    const { results } = await call("ReportOutcomes", {
      queue,
      reports: [{ jobId, leaseToken, complete: { returnValueJson: "{}" } }],
    });
    expect(results).toEqual([{ jobId, verdict: "REPORT_VERDICT_APPLIED" }]);
  });
});
