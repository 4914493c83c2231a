import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { detailsOf, failureOf } from "../support/client.js";
import { startServer } from "../support/posta.js";

let posta: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

const call = (method: string, request: object) => posta.client.queue(method, request);
const add = (job: object, queue = "bad") => call("AddJob", { queue, job: { name: "n", dataJson: "{}", ...job } });
const mib = 1 << 20;

/** What no caller may learn from a message: where the code lies, and where the store is. */
const secrets = /\.(ts|js):\d|node_modules|^\s+at |redis|\.sock|127\.0\.0\.1/m;

/** The call must fail for `field`: in its message, with all of `parts`, and in its BadRequest. */
async function expectBad(
  answer: Promise<unknown>,
  field: string,
  parts: string[] = [],
  code = status.INVALID_ARGUMENT,
) {
  const error = await failureOf(answer);
  expect(error.code, error.details).toBe(code);
  expect(error.details.startsWith(`${field}: `), error.details).toBe(true);
  for (const part of parts) expect(error.details).toContain(part);
  expect(error.details).not.toMatch(secrets);
  expect(detailsOf(error).BadRequest.fieldViolations).toEqual([{ field, description: error.details }]);
}

describe("a job's fields", () => {
  it.each([
    ["no name", { name: "" }, "name", ["required"]],
    ["a long name", { name: "n".repeat(257) }, "name", ["257 bytes", "256"]],
    ["a control character in the name", { name: "a\nb" }, "name", ['"a\\nb"', "control character"]],
    ["data that is not JSON", { dataJson: "{a:1}" }, "data_json", ["is not JSON"]],
    ["JSON that stops early", { dataJson: '{"a":' }, "data_json", ["is not JSON"]],
    ["half of a character in the parser's own message", { dataJson: "\u{1f600}" }, "data_json", ["is not JSON"]],
  ])("%s is refused", (_, job, field, parts) => expectBad(add(job), `job.${field}`, parts));

  const tenYearsMs = String(3650 * 24 * 3_600_000);
  const second = { seconds: 1 };
  it.each([
    ["a negative priority", { priority: -1 }, "priority", ["-1", "under 0"]],
    ["a high priority", { priority: 9_999_999 }, "priority", ["9999999", "over 2097151"]],
    ["no attempts", { attempts: 0 }, "attempts", ["0", "under 1"]],
    ["negative attempts", { attempts: -3 }, "attempts", ["-3", "under 1"]],
    ["many attempts", { attempts: 1001 }, "attempts", ["1001", "over 1000"]],
    ["a negative delay", { delay: { seconds: -1 } }, "delay", ["-1000 ms", "under 0 ms"]],
    ["a delay of 11 years", { delay: { seconds: 3651 * 86_400 } }, "delay", [`over ${tenYearsMs} ms`]],
    ["a delay of two signs", { delay: { seconds: 1, nanos: -1 } }, "delay", ["nanos -1"]],
    ["a delay of too many nanos", { delay: { nanos: 1_000_000_000 } }, "delay", ["nanos 1000000000"]],
    ["lifo with a priority", { lifo: true, priority: 1 }, "lifo", ["cannot be combined with priority or delay"]],
    ["lifo with a delay", { lifo: true, delay: second }, "lifo", ["cannot be combined with priority or delay"]],
    [
      "a jitter of NaN",
      { backoff: { type: 1, delay: second, jitter: Number.NaN } },
      "backoff.jitter",
      ["not a number"],
    ],
    ["a jitter over 1", { backoff: { type: 1, delay: second, jitter: 1.5 } }, "backoff.jitter", ["1.5", "over 1"]],
    ["an infinite jitter", { backoff: { type: 1, delay: second, jitter: -Infinity } }, "backoff.jitter", ["under 0"]],
    ["no backoff type", { backoff: { delay: second } }, "backoff.type", ["required"]],
    ["an unknown backoff type", { backoff: { type: 99, delay: second } }, "backoff.type", ["99"]],
    ["no backoff delay", { backoff: { type: 1 } }, "backoff.delay", ["required"]],
    [
      "a long backoff",
      { backoff: { type: 1, delay: { seconds: 31 * 86_400 } } },
      "backoff.delay",
      ["over 2592000000 ms"],
    ],
    [
      "a negative age",
      { keepOnComplete: { age: { seconds: -1 } } },
      "keep_on_complete.age",
      ["-1000 ms", "under 0 ms"],
    ],
    ["a negative count", { keepOnFail: { count: -1 } }, "keep_on_fail.count", ["-1", "under 0"]],
    ["no deduplication id", { deduplication: {} }, "deduplication.id", ["required"]],
    ["extend without a ttl", { deduplication: { id: "d", extend: true } }, "deduplication.extend", ["needs a ttl"]],
    ["a ttl of 0", { deduplication: { id: "d", ttl: {} } }, "deduplication.ttl", ["0 ms", "under 1 ms"]],
  ])("%s is refused", (_, options, field, parts) => expectBad(add({ options }), `job.options.${field}`, parts));

  it("refuses a job that is not there", () => expectBad(call("AddJob", { queue: "bad" }), "job", ["required"]));
});

describe("names", () => {
  const long = "é".repeat(65); // 65 characters, 130 bytes: bytes are what counts.
  const badTexts: [string, string[]][] = [
    ["a:b", ['"a:b"', "':'"]],
    ["a\u0000b", ["control character"]],
    ["a\u007fb", ["control character"]],
    [long, ["130 bytes", "over 128"]],
  ];
  const badIds: [string, string[]][] = ["wait", "meta", "id", "events", "repeat", "0"].map((id) => [id, [`"${id}"`]]);

  it.each<[string, string[]]>([["", ["required"]], ...badTexts])("refuses the queue %j", async (queue, parts) => {
    await expectBad(add({}, queue), "queue", parts);
    await expectBad(call("PauseQueue", { queue }), "queue", parts);
    await expectBad(call("AddJobs", { queue, jobs: [{ name: "n" }] }), "queue", parts);
  });

  it.each<[string, string[]]>([["123", ['"123"', "number"]], ["-7", ["number"]], ...badTexts, ...badIds])(
    "refuses the job id %j",
    async (id, parts) => {
      await expectBad(add({ options: { id } }), "job.options.id", parts);
    },
  );

  it.each(["GetJob", "RemoveJob", "RetryJob", "PromoteJob", "ListJobLogs"])(
    "%s refuses what is no id",
    async (method) => {
      await add({}, "no-ids");
      const request = (jobId: string) => call(method, { queue: "no-ids", jobId });
      await expectBad(request(""), "job_id", ["required"]);
      await expectBad(request("é".repeat(2049)), "job_id", ["4098 bytes", "over 4096"]);
      await expect(request("é".repeat(2048))).rejects.toMatchObject({ code: status.NOT_FOUND });
    },
  );

  it("takes names of exactly 128 bytes", async () => {
    const text = "é".repeat(64);
    const answer = await add({ options: { id: text } }, text);
    expect(answer).toEqual({ jobId: text, outcome: "OUTCOME_ADDED" });
  });
});

describe("sizes", () => {
  it("takes a payload of exactly 1 MiB and refuses one byte more", async () => {
    const dataJson = JSON.stringify("x".repeat(mib - 2));
    const { jobId } = await add({ dataJson });
    const { job } = await call("GetJob", { queue: "bad", jobId });
    expect(job.dataJson === dataJson).toBe(true);
    const over = JSON.stringify("x".repeat(mib - 1));
    await expectBad(
      add({ dataJson: over }),
      "job.data_json",
      [`${mib + 1} bytes`, `over ${mib}`],
      status.RESOURCE_EXHAUSTED,
    );
  });

  it("counts bytes, not characters", async () => {
    const dataJson = JSON.stringify("é".repeat(mib / 2));
    await expectBad(add({ dataJson }), "job.data_json", [`${mib + 2} bytes`], status.RESOURCE_EXHAUSTED);
  });

  it("refuses a message of 5 MiB", async () => {
    const error = await failureOf(add({ dataJson: JSON.stringify("x".repeat(5 * mib)) }));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toContain(String(4 * mib));
    expect(error.details).not.toMatch(secrets);
  });

  it("refuses no jobs and more than 10000 of them, and adds none", async () => {
    const jobs = new Array(10_001).fill({ name: "n" });
    await expectBad(call("AddJobs", { queue: "counted", jobs }), "jobs", ["10001", "over 10000"]);
    await expectBad(call("AddJobs", { queue: "counted", jobs: [] }), "jobs", ["required"]);
    await expect(call("GetQueue", { queue: "counted" })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe("AddJobs", () => {
  it("fails bad items alone and names each by its place", async () => {
    const good = { name: "n" };
    const jobs = [good, { name: "" }, { ...good, options: { delay: { seconds: 1, nanos: -1 } } }, good];
    const { results } = await call("AddJobs", { queue: "mixed", jobs });
    expect(results.map((result: { outcome: string }) => result.outcome)).toEqual([
      "OUTCOME_ADDED",
      "OUTCOME_UNSPECIFIED",
      "OUTCOME_UNSPECIFIED",
      "OUTCOME_ADDED",
    ]);
    expect(results[1].error).toMatchObject({ code: status.INVALID_ARGUMENT, message: "jobs[1].name: is required" });
    expect(results[1].error.details[0].type_url).toBe("type.googleapis.com/google.rpc.BadRequest");
    expect(results[2].error.message).toContain("jobs[2].options.delay: ");
  });
});

describe("lists and changes", () => {
  beforeAll(() => add({ options: { id: "there" } }, "listed"));
  const badToken = "is not a next_page_token";
  const garbage = Buffer.from('["waiting",{"a":1}]').toString("base64url");
  const foreign = Buffer.from('["completed","1","x"]').toString("base64url");

  it.each([
    ["ListJobs", { state: 0 }, "state", ["required"]],
    ["ListJobs", { state: 99 }, "state", ["99"]],
    ["ListJobs", { state: 1, pageSize: -1 }, "page_size", ["-1", "under 0"]],
    ["ListJobs", { state: 1, pageSize: 1001 }, "page_size", ["1001", "over 1000"]],
    ["ListJobs", { state: 1, pageToken: "%%%" }, "page_token", [badToken]],
    ["ListJobs", { state: 1, pageToken: garbage }, "page_token", [badToken]],
    ["ListJobs", { state: 1, pageToken: foreign }, "page_token", [badToken]],
    ["ListJobLogs", { jobId: "there", pageSize: 1001 }, "page_size", ["1001", "over 1000"]],
    ["ListJobLogs", { jobId: "there", pageToken: "!" }, "page_token", [badToken]],
    ["ListQueues", { pageSize: 101 }, "page_size", ["101", "over 100"]],
    ["ListQueues", { pageToken: "x" }, "page_token", [badToken]],
    ["CleanQueue", { state: 2 }, "state", ["JOB_STATE_ACTIVE"]],
    ["CleanQueue", { state: 1, limit: 10_001 }, "limit", ["10001", "over 10000"]],
    ["CleanQueue", { state: 1, olderThan: { seconds: -1 } }, "older_than", ["-1000 ms"]],
    ["RetryJobs", { state: 1 }, "state", ["JOB_STATE_WAITING"]],
    ["UpdateJob", { jobId: "there" }, "change", ["required"]],
    ["UpdateJob", { jobId: "there", priority: -1 }, "priority", ["-1", "under 0"]],
    ["UpdateJob", { jobId: "there", dataJson: "nope" }, "data_json", ["is not JSON"]],
    ["UpdateJob", { jobId: "there", dataJson: "\u{1f600}" }, "data_json", ["is not JSON"]],
    ["SetQueueLimits", { limits: { concurrency: 0 } }, "limits.concurrency", ["0", "under 1"]],
    ["SetQueueLimits", { limits: { maxEvents: -1 } }, "limits.max_events", ["-1", "under 0"]],
    ["SetQueueLimits", { limits: { maxEvents: 1_000_001 } }, "limits.max_events", ["1000001", "over 1000000"]],
    ["SetQueueLimits", { limits: { rate: { max: 5 } } }, "limits.rate.duration", ["required"]],
    ["SetQueueLimits", { limits: { rate: { max: 0, duration: { seconds: 1 } } } }, "limits.rate.max", ["under 1"]],
  ])("%s refuses %j", (method, request, field, parts) => {
    const queue = method === "ListQueues" ? {} : { queue: "listed" };
    return expectBad(call(method, { ...queue, ...request }), field, parts);
  });

  /** Tokens that look like ours but carry a place of the wrong kind must not reach Redis' scripts. */
  it.each([
    ["ListJobs", { state: 1 }, ["waiting"]],
    ["ListJobs", { state: 1 }, ["waiting", "x", "y"]],
    ["ListJobs", { state: 1 }, ["waiting", 1.5, "y"]],
    ["ListJobs", { state: 3 }, ["delayed", "junk", "x"]],
    ["ListJobs", { state: 3 }, ["delayed", "1"]],
    ["ListJobLogs", { jobId: "there" }, ["logs", -1]],
    ["ListJobLogs", { jobId: "there" }, ["logs", "x"]],
  ])("%s of %j refuses the forged token %j", (method, request, place) => {
    const pageToken = Buffer.from(JSON.stringify(place)).toString("base64url");
    return expectBad(call(method, { queue: "listed", ...request, pageToken }), "page_token", [badToken]);
  });
});

describe("unknown fields", () => {
  /** A request with field 999, a string, at the end: as a client of a later version might send. */
  it("are ignored", async () => {
    const text = (field: number, value: string | Buffer) => {
      const bytes = Buffer.from(value as string);
      const tag = field < 16 ? [(field << 3) | 2] : [(((field << 3) | 2) & 0x7f) | 0x80, field >> 4];
      return Buffer.concat([Buffer.from([...tag, bytes.length]), bytes]);
    };
    const job = Buffer.concat([text(1, "later"), text(999, "inner")]);
    const request = Buffer.concat([text(1, "unknown"), text(2, job), text(999, "outer")]);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const done = (error: Error | null, bytes?: Buffer) => (error ? reject(error) : resolve(bytes as Buffer));
      const asIs = (bytes: Buffer) => bytes;
      posta.client.raw.makeUnaryRequest("/posta.queue.v1.QueueService/AddJob", asIs, asIs, request, done);
    });
    // Field 1 is a UUID of 36 bytes, field 2 the outcome ADDED.
    expect([...answer.subarray(0, 2), ...answer.subarray(38)]).toEqual([0x0a, 36, 0x10, 1]);
    const { job: stored } = await call("GetJob", { queue: "unknown", jobId: answer.toString("latin1", 2, 38) });
    expect(stored.name).toBe("later");
  });
});
