import { describe, expect, it } from "vitest";
import { Postpone, RateLimited, Release, RetryLater, Unrecoverable } from "../../../clients/typescript/src/index.js";
import { add, freshQueue, stateOf } from "../../queue/work/work-setup.js";
import { jobOf, signal, start, startAnother } from "./worker-setup.js";

/** What handlers throw, and what becomes of their jobs. */

describe("a handler that throws", () => {
  it.each<[string, unknown, object, object]>([
    ["an Error", new TypeError("no template"), { attempts: 1 }, { state: "FAILED", failedReason: "no template" }],
    ["a text", "just text", { attempts: 1 }, { state: "FAILED", failedReason: "just text" }],
    ["nothing", undefined, { attempts: 1 }, { state: "FAILED", failedReason: "undefined" }],
    [
      "an Error with attempts left",
      new Error("e"),
      { attempts: 2, backoff: { type: "BACKOFF_TYPE_FIXED", delay: { seconds: 60 } } },
      { state: "DELAYED", attemptsMade: 1 },
    ],
    [
      "Unrecoverable",
      new Unrecoverable("no such user"),
      { attempts: 5 },
      { state: "FAILED", failedReason: "no such user" },
    ],
    [
      "RetryLater",
      new RetryLater(60_000, "later"),
      { attempts: 2 },
      { state: "DELAYED", attemptsMade: 1, failedReason: "later" },
    ],
    ["Postpone", new Postpone(60_000), {}, { state: "DELAYED", attemptsMade: 0 }],
  ])("%s", async (_, error, options, expected) => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, options);
    start(queue, async () => {
      throw error;
    });
    await expect.poll(() => stateOf(queue, id as string)).not.toMatch(/ACTIVE|WAITING/);
    expect(await jobOf(queue, id)).toMatchObject(expected);
  });

  it.each([
    ["Release", new Release()],
    ["RateLimited", new RateLimited(1)],
  ])("%s brings the job again, and the attempt does not count", async (_, error) => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const attempts: [number, number][] = [];
    start(queue, async ({ attempt, attemptsFailed }) => {
      attempts.push([attempt, attemptsFailed]);
      if (attempt === 1) throw error;
    });
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(attempts).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it("tells the program, too", async () => {
    const queue = freshQueue();
    await add(queue);
    const failed = signal<unknown[]>();
    const error = new Error("e");
    start(queue, () => {
      throw error;
    }).on("failed", (job, cause) => failed.come([job.queue, cause]));
    expect(await failed.came).toEqual([queue, error]);
  });

  it.each([() => new RetryLater(-1), () => new Postpone(0), () => new RateLimited(Number.NaN)])(
    "refuses %s",
    (make) => {
      expect(make).toThrow(RangeError);
    },
  );
});

describe("a result that cannot be reported fails its job with the reason", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[string, unknown, RegExp]>([
    ["a circle", circle, /circular structure/],
    ["a bigint", 1n, /BigInt/],
    ["over what a job may have", "x".repeat((1 << 20) + 1), /return_value_json: 1048579 bytes is over 1048576/],
    ["over what a message may have", "x".repeat(5 << 20), /^the result of 5\d+ bytes is over/],
  ])("%s", async (_, result, reason) => {
    const queue = freshQueue();
    const [id] = await add(queue, 1, { attempts: 1 });
    start(queue, () => result);
    await expect.poll(() => stateOf(queue, id as string)).toBe("FAILED");
    expect((await jobOf(queue, id)).failedReason).toMatch(reason);
  });

  it("over what a server takes, whose limit is lower; other results of that session are kept", async () => {
    const server = await startAnother({ POSTA_MAX_MESSAGE_BYTES: "1mb", POSTA_QUEUE_MAX_JOB_BYTES: "1mb" });
    const queue = freshQueue();
    const [large, small] = await add(queue, 2, { attempts: 1 });
    start(queue, ({ data }) => (data.n === 0 ? "x".repeat(2 << 20) : "fits"), { address: `127.0.0.1:${server.port}` });
    await expect.poll(() => stateOf(queue, large as string)).toBe("FAILED");
    expect((await jobOf(queue, large)).failedReason).toMatch(/the request is \d+ bytes, over 1048576/);
    await expect.poll(() => stateOf(queue, small as string)).toBe("COMPLETED");
  });
});
