import { status } from "@grpc/grpc-js";
import { Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { detailsOf, failureOf } from "../support/client.js";
import { startServer } from "../support/posta.js";

/** What a caller is told about each job. */

let posta: Awaited<ReturnType<typeof startServer>>;
let queues = 0;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta?.stop());

const freshQueue = () => `outcomes-${++queues}`;
const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });
const added = (jobId: unknown) => ({ jobId, outcome: "OUTCOME_ADDED" });
const duplicate = (jobId: unknown) => ({ jobId, outcome: "OUTCOME_DUPLICATE" });
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);

const add = (queue: string, job: object) => posta.client.queue("AddJob", { queue, job: { name: "n", ...job } });
const addAll = async (queue: string, jobs: object[]) => (await posta.client.queue("AddJobs", { queue, jobs })).results;
const jobOf = async (queue: string, jobId: string) => (await posta.client.queue("GetJob", { queue, jobId })).job;
const countsOf = async (queue: string) => (await posta.client.queue("GetQueue", { queue })).queue.counts;

describe("a deduplicated job", () => {
  const deduplicated = (deduplication: object, options: object = {}) => ({
    options: { deduplication: { id: "k", ...deduplication }, ...options },
  });

  it("is answered with the first job's id while that is there", async () => {
    const queue = freshQueue();
    const first = await add(queue, deduplicated({}));
    expect(first).toEqual(added(uuid));
    expect(await add(queue, { dataJson: '"other"', ...deduplicated({}) })).toEqual(duplicate(first.jobId));
    expect(await countsOf(queue)).toMatchObject({ waiting: 1 });
    expect(await jobOf(queue, first.jobId)).toMatchObject({ dataJson: "{}", deduplicationId: "k" });
  });

  it("is not held up by another deduplication id or another queue", async () => {
    const queue = freshQueue();
    await add(queue, deduplicated({}));
    expect(await add(queue, deduplicated({ id: "other" }))).toEqual(added(uuid));
    expect(await add(freshQueue(), deduplicated({}))).toEqual(added(uuid));
  });

  it("is added again once the first has finished", async () => {
    const queue = freshQueue();
    const first = await add(queue, deduplicated({}));
    const connection = { path: inject("redisUrl").replace("unix://", ""), maxRetriesPerRequest: null };
    const worker = new Worker(queue, async () => {}, { connection, prefix: posta.prefix });
    await new Promise<void>((resolve) => worker.once("completed", () => resolve()));
    await worker.close();
    const second = await add(queue, deduplicated({}));
    expect(second).toEqual(added(uuid));
    expect(second.jobId).not.toBe(first.jobId);
  });

  it("is added again once the ttl is over", async () => {
    const queue = freshQueue();
    const first = await add(queue, deduplicated({ ttl: duration(250) }));
    expect(await add(queue, deduplicated({ ttl: duration(250) }))).toEqual(duplicate(first.jobId));
    const again = () => add(queue, deduplicated({ ttl: duration(250) }));
    await expect.poll(again, { interval: 20 }).toEqual(added(uuid));
  });

  it("is a duplicate of a job that is gone, for as long as its ttl says", async () => {
    const queue = freshQueue();
    const job = deduplicated({ ttl: duration(60_000) }, { id: "gone", keepOnComplete: { count: 0 } });
    expect(await add(queue, job)).toEqual(added("gone"));
    const connection = { path: inject("redisUrl").replace("unix://", ""), maxRetriesPerRequest: null };
    const worker = new Worker(queue, async () => {}, { connection, prefix: posta.prefix });
    await new Promise<void>((resolve) => worker.once("completed", () => resolve()));
    await worker.close();
    expect(await add(queue, job)).toEqual(duplicate("gone"));
    expect(await failureOf(jobOf(queue, "gone"))).toMatchObject({ code: status.NOT_FOUND });
  });

  it("replaces the first while that is delayed", async () => {
    const queue = freshQueue();
    const first = await add(queue, deduplicated({ replace: true }, { delay: duration(60_000) }));
    const second = await add(queue, { dataJson: "2", ...deduplicated({ replace: true }, { delay: duration(60_000) }) });
    expect(second).toEqual(added(uuid));
    expect(await failureOf(jobOf(queue, first.jobId))).toMatchObject({ code: status.NOT_FOUND });
    expect(await jobOf(queue, second.jobId)).toMatchObject({ dataJson: "2", state: "JOB_STATE_DELAYED" });
  });

  it("keeps its place and its id among others of a batch", async () => {
    const queue = freshQueue();
    const plain = { name: "n" };
    const results = await addAll(queue, [
      { ...plain, options: { id: "a" } },
      { ...plain, ...deduplicated({}, { id: "b" }) },
      { ...plain, options: { id: "c" } },
      { ...plain, ...deduplicated({}, { id: "d" }) },
      { ...plain, options: { id: "a" } },
    ]);
    expect(results).toMatchObject([added("a"), added("b"), added("c"), duplicate("b"), duplicate("a")]);
    const { jobs } = await posta.client.queue("ListJobs", { queue, state: "JOB_STATE_WAITING" });
    expect(jobs.map(({ id }: { id: string }) => id)).toEqual(["a", "b", "c"]);
  });

  it("keeps its place among concurrent calls without deduplication", async () => {
    const queue = freshQueue();
    const ids = Array.from({ length: 600 }, (_, n) => `${n}th`);
    // In stretches, so that full batches of one kind are under way when the other kind comes.
    const optionsOf = (id: string, n: number) => (n % 200 < 150 ? { id } : { id, deduplication: { id } });
    await Promise.all(ids.map((id, n) => add(queue, { options: optionsOf(id, n) })));
    const { jobs } = await posta.client.queue("ListJobs", { queue, state: "JOB_STATE_WAITING", pageSize: 1000 });
    expect(jobs.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it("with an id of the caller is told from one that takes that id for something else", async () => {
    const queue = freshQueue();
    const job = (dataJson: string) => ({ dataJson, ...deduplicated({}, { id: "mine" }) });
    expect(await add(queue, job("1"))).toEqual(added("mine"));
    expect(await add(queue, job("1"))).toEqual(duplicate("mine"));
    expect(await failureOf(add(queue, job("2")))).toMatchObject({ code: status.ALREADY_EXISTS });
  });
});

describe("an id that is taken", () => {
  it.each([
    ["other data", { dataJson: '{"a": 1}' }],
    ["another name", { name: "m", dataJson: '{"a":1}' }],
  ])("is refused to %s, and the first job stays as it was", async (_, other) => {
    const queue = freshQueue();
    const options = { id: "taken" };
    await add(queue, { dataJson: '{"a":1}', options });
    const failure = await failureOf(add(queue, { ...other, options }));
    expect(failure).toMatchObject({ code: status.ALREADY_EXISTS, details: expect.stringContaining("taken") });
    expect(await jobOf(queue, "taken")).toMatchObject({ name: "n", dataJson: '{"a":1}' });
    expect(await countsOf(queue)).toMatchObject({ waiting: 1 });
  });

  it("is a duplicate whatever its options say, and of concurrent calls one adds it", async () => {
    const queue = freshQueue();
    const calls = Array.from({ length: 20 }, (_, n) => add(queue, { options: { id: "race", priority: n } }));
    const outcomes = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "OUTCOME_ADDED")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "OUTCOME_DUPLICATE")).toHaveLength(19);
  });
});

describe("AddJobs", () => {
  it("fails the bad items alone, each with what AddJob would have said, in their places", async () => {
    const queue = freshQueue();
    const job = (options: object, dataJson = "1") => ({ name: "n", dataJson, options });
    const results = await addAll(queue, [
      job({ id: "first" }),
      job({ id: "bad-priority", priority: 9_999_999 }),
      job({ id: "first" }),
      job({ id: "first" }, "2"),
      job({ id: "bad-delay", delay: { seconds: 1, nanos: -5 } }),
      job({ id: "bad-data" }, "{"),
      job({ id: "last" }),
    ]);
    expect(results.map(({ jobId }: { jobId: string }) => jobId)).toEqual([
      "first",
      "bad-priority",
      "first",
      "first",
      "bad-delay",
      "bad-data",
      "last",
    ]);
    expect(results).toMatchObject([
      { outcome: "OUTCOME_ADDED", error: null },
      {
        outcome: "OUTCOME_UNSPECIFIED",
        error: { code: status.INVALID_ARGUMENT, message: "jobs[1].options.priority: 9999999 is over 2097151" },
      },
      { outcome: "OUTCOME_DUPLICATE", error: null },
      { outcome: "OUTCOME_UNSPECIFIED", error: { code: status.ALREADY_EXISTS } },
      {
        outcome: "OUTCOME_UNSPECIFIED",
        error: { code: status.INVALID_ARGUMENT, message: expect.stringContaining("jobs[4].options.delay") },
      },
      {
        outcome: "OUTCOME_UNSPECIFIED",
        error: { code: status.INVALID_ARGUMENT, message: expect.stringContaining("jobs[5].data_json") },
      },
      { outcome: "OUTCOME_ADDED", error: null },
    ]);
    expect(await countsOf(queue)).toMatchObject({ waiting: 2 });
  });

  it("gives an item's error the same details as AddJob gives its failure", async () => {
    const queue = freshQueue();
    const job = { name: "n", options: { attempts: 0 } };
    const [{ error }] = await addAll(queue, [job]);
    const { BadRequest } = detailsOf(await failureOf(add(queue, job)));
    expect(BadRequest.fieldViolations).toMatchObject([{ field: "job.options.attempts" }]);
    const [{ type_url, value }] = error.details;
    expect(type_url).toBe("type.googleapis.com/google.rpc.BadRequest");
    expect(value.toString()).toContain("jobs[0].options.attempts");
  });

  it("answers more jobs than a batch holds in their order", async () => {
    const queue = freshQueue();
    const ids = Array.from({ length: 1234 }, (_, n) => `job-${n}`);
    const results = await addAll(
      queue,
      ids.map((id) => ({ name: "n", options: { id } })),
    );
    expect(results.map(({ jobId }: { jobId: string }) => jobId)).toEqual(ids);
    expect(await countsOf(queue)).toMatchObject({ waiting: 1234 });
  });

  it("refuses a call that has no jobs or no good queue as a whole", async () => {
    const refused = { code: status.INVALID_ARGUMENT };
    expect(await failureOf(addAll(freshQueue(), []))).toMatchObject(refused);
    expect(await failureOf(addAll("a:b", [{ name: "n" }]))).toMatchObject(refused);
  });
});

describe("data_json", () => {
  it.each([
    "12345678901234567890",
    '{ "id" : 12345678901234567890, "x": 1.10, "e": 1E400, "z": -0 }',
    '{"b":1,"a":2,"b":3}',
    '"\\u00e4\\/ä"',
    " [1 ,\n 2] ",
  ])("is kept byte for byte: %j", async (dataJson) => {
    const queue = freshQueue();
    const plain = await add(queue, { dataJson });
    const deduplicated = await add(queue, { dataJson, options: { deduplication: { id: "k" } } });
    expect((await jobOf(queue, plain.jobId)).dataJson).toBe(dataJson);
    expect((await jobOf(queue, deduplicated.jobId)).dataJson).toBe(dataJson);
  });
});
