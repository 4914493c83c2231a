import { describe, expect, it } from "vitest";
import { PostaError } from "../../../src/errors/posta-error.js";
import { type JobRequest, parseJob } from "../../../src/queue/job/job.js";

const dayMs = 24 * 3_600_000;

function parse(job: Partial<JobRequest> = {}, maxBytes = 1024) {
  return parseJob({ name: "n", dataJson: "1", ...job }, maxBytes);
}

function errorOf(job: Partial<JobRequest>, maxBytes?: number): PostaError {
  try {
    parse(job, maxBytes);
  } catch (error) {
    expect(error).toBeInstanceOf(PostaError);
    return error as PostaError;
  }
  throw new Error("the job was taken");
}

/** A job's options as BullMQ stores them, without the id that follows. */
const stored = (job: Partial<JobRequest>) => JSON.parse(`${parse(job).optionsJson}}`);

const defaults = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000 },
  removeOnComplete: { age: 24 * 3600, count: 1000 },
  removeOnFail: { age: 7 * 24 * 3600 },
};

describe("parseJob", () => {
  it("gives a job the defaults, field by field", () => {
    expect(parse()).toMatchObject({ name: "n", dataJson: "1", id: undefined, priority: 0, delayMs: 0, lifo: false });
    expect(stored({})).toEqual(defaults);
    expect(stored({ attempts: 1 })).toEqual({ ...defaults, attempts: 1 });
    expect(stored({ priority: 5, delayMs: 20 })).toEqual({ ...defaults, priority: 5, delay: 20 });
    expect(stored({ lifo: true })).toEqual({ ...defaults, lifo: true });
    expect(stored({ priority: 0, delayMs: 0, lifo: false })).toEqual(defaults);
  });

  it("keeps the payload byte for byte; none means {}", () => {
    expect(parse({ dataJson: ' { "a" : 1.0 } ' }).dataJson).toBe(' { "a" : 1.0 } ');
    expect(parse({ dataJson: "" }).dataJson).toBe("{}");
  });

  it("measures the payload in bytes of UTF-8", () => {
    const dataJson = JSON.stringify("é".repeat(10)); // 22 bytes.
    expect(parse({ dataJson }, 22).dataJson).toBe(dataJson);
    const error = errorOf({ dataJson }, 21);
    expect(error).toMatchObject({ code: "exhausted", field: "data_json" });
    expect(error.message).toContain("22 bytes is over 21");
  });

  it("puts retention into BullMQ's words", () => {
    expect(stored({ keepOnComplete: {} }).removeOnComplete).toBe(false);
    expect(stored({ keepOnComplete: { count: 0 } }).removeOnComplete).toBe(true);
    expect(stored({ keepOnComplete: { count: 7 } }).removeOnComplete).toEqual({ count: 7 });
    expect(stored({ keepOnFail: { ageMs: 1001 } }).removeOnFail).toEqual({ age: 2 });
    expect(stored({ keepOnFail: { ageMs: 1000, count: 3 } }).removeOnFail).toEqual({ age: 1, count: 3 });
  });

  it("puts backoff and deduplication into BullMQ's words", () => {
    expect(stored({ backoff: { type: "fixed", delayMs: 5, jitter: 0 } }).backoff).toEqual({ type: "fixed", delay: 5 });
    const jittered = { type: "exponential", delay: 5, jitter: 0.5 };
    expect(stored({ backoff: { type: "exponential", delayMs: 5, jitter: 0.5 } }).backoff).toEqual(jittered);
    const plain = { id: "d", extend: false, replace: false };
    expect(stored({ deduplication: plain }).deduplication).toEqual({ id: "d" });
    const full = { id: "d", ttlMs: 9, extend: true, replace: true };
    expect(stored({ deduplication: full }).deduplication).toEqual({ id: "d", ttl: 9, extend: true, replace: true });
  });

  it.each<[string, Partial<JobRequest>]>([
    ["name", { name: "" }],
    ["name", { name: "a".repeat(257) }],
    ["name", { name: "a\nb" }],
    ["data_json", { dataJson: "{" }],
    ["options.id", { id: "" }],
    ["options.id", { id: "a:b" }],
    ["options.id", { id: "123" }],
    ["options.id", { id: "wait" }],
    ["options.id", { id: "a".repeat(129) }],
    ["options.priority", { priority: -1 }],
    ["options.priority", { priority: 2 ** 21 }],
    ["options.delay", { delayMs: -1 }],
    ["options.delay", { delayMs: 3650 * dayMs + 1 }],
    ["options.delay", { delayMs: Number.NaN }],
    ["options.attempts", { attempts: 0 }],
    ["options.attempts", { attempts: 1001 }],
    ["options.lifo", { lifo: true, priority: 1 }],
    ["options.lifo", { lifo: true, delayMs: 1 }],
    ["options.backoff.type", { backoff: { type: undefined, delayMs: 1, jitter: 0 } }],
    ["options.backoff.delay", { backoff: { type: "fixed", delayMs: undefined, jitter: 0 } }],
    ["options.backoff.delay", { backoff: { type: "fixed", delayMs: 30 * dayMs + 1, jitter: 0 } }],
    ["options.backoff.jitter", { backoff: { type: "fixed", delayMs: 1, jitter: 1.1 } }],
    ["options.keep_on_complete.age", { keepOnComplete: { ageMs: -1 } }],
    ["options.keep_on_fail.count", { keepOnFail: { count: 10_000_001 } }],
    ["options.deduplication.id", { deduplication: { id: "", extend: false, replace: false } }],
    ["options.deduplication.ttl", { deduplication: { id: "d", ttlMs: 0, extend: false, replace: false } }],
    ["options.deduplication.extend", { deduplication: { id: "d", extend: true, replace: false } }],
  ])("refuses a wrong %s: %j", (field, job) => {
    const error = errorOf(job);
    expect(error).toMatchObject({ code: "invalid", field: field });
    expect(error.message.startsWith(`${field}: `)).toBe(true);
  });

  it.each<[Partial<JobRequest>]>([
    [{ name: "é".repeat(128) }],
    [{ id: "a".repeat(128) }],
    [{ priority: 2 ** 21 - 1, delayMs: 3650 * dayMs, attempts: 1000 }],
    [{ backoff: { type: "fixed", delayMs: 30 * dayMs, jitter: 1 } }],
    [{ keepOnComplete: { ageMs: 3650 * dayMs, count: 10_000_000 } }],
  ])("takes what is just within the limits: %j", (job) => {
    expect(() => parse(job)).not.toThrow();
  });
});
