import type { JobsOptions } from "bullmq";
import { describe, it } from "vitest";
import { compare, failure, plain } from "./conformance-setup.js";
import type { Failure } from "./conformance-sides.js";

/** What becomes of single jobs, by a worker of Posta and by BullMQ's own. */

const again = { attempts: 3, backoff: { type: "fixed", delay: 60_000 } };

describe("what a job leaves that", () => {
  it("is held", () => compare(plain(3), (side) => side.take(2), ["active", "wait", "j0:lock", "j1:lock"]));

  it("is done, with its value", () =>
    compare(
      plain(3, { attempts: 2 }),
      async (side) => {
        await side.take(2);
        await side.complete(1, { sent: "ünï/code", n: [1, null] });
        await side.complete(0, "text");
      },
      ["completed", "wait"],
    ));

  it("is the last, and is done", () =>
    compare(
      plain(1),
      async (side) => {
        await side.take(1);
        await side.complete(0, null);
      },
      ["completed"],
    ));

  it.each<[string, JobsOptions]>([
    ["at once", { removeOnComplete: true }],
    ["by number", { removeOnComplete: 1 }],
    ["by age and number", { removeOnComplete: { age: 3600, count: 2 } }],
    ["never", { removeOnComplete: false }],
  ])("is done, and removed %s", (_, options) =>
    compare(
      plain(4, options),
      async (side) => {
        await side.take(3);
        for (const place of [0, 1, 2]) await side.complete(place, place);
      },
      ["wait"],
    ),
  );

  it("failed, and is tried again later", () =>
    compare(
      plain(2, again),
      async (side) => {
        await side.take(1);
        await side.fail(0, failure);
      },
      ["delayed", "wait"],
    ));

  it.each<[string, JobsOptions]>([
    ["in line", { attempts: 3 }],
    ["first in line", { attempts: 3, lifo: true }],
    ["by its priority", { attempts: 3, priority: 7 }],
  ])("failed, and is tried again at once, %s", (_, options) =>
    compare(
      plain(3, options),
      async (side) => {
        await side.take(1);
        await side.fail(0, failure);
        await side.take(1);
        await side.fail(1, { message: "again", stack: "two" });
      },
      ["events"],
    ),
  );

  it.each<[string, JobsOptions, Failure]>([
    ["its last attempt", { attempts: 1 }, failure],
    ["without attempts", {}, failure],
    ["for good", again, { ...failure, unrecoverable: true }],
    ["and keeps one stack", { attempts: 1, stackTraceLimit: 1 }, failure],
    ["and keeps no stack", { attempts: 1, stackTraceLimit: 0 }, failure],
    ["and is kept by age", { attempts: 1, removeOnFail: { age: 3600 } }, failure],
  ])("failed %s", (_, options, how) =>
    compare(
      plain(2, options),
      async (side) => {
        await side.take(1);
        await side.fail(0, how);
      },
      ["failed"],
    ),
  );

  it.each<[string, JobsOptions]>([
    ["in line", {}],
    ["by its priority", { priority: 3 }],
  ])("is given back, %s", (_, options) =>
    compare(
      plain(3, options),
      async (side) => {
        await side.take(2);
        await side.release(0);
      },
      ["active"],
    ),
  );

  it("is worked on, with its progress, log and new data", () =>
    compare(
      plain(2, { keepLogs: 1 }),
      async (side) => {
        await side.take(2);
        await side.update(0, { done: 10 }, "first", { n: "new" });
        await side.update(0, { done: 50 }, "second", { n: "newer" });
        await side.update(1, { done: 5 }, "only", {});
        await side.complete(1, null);
      },
      ["j0:logs", "active", "completed"],
    ));

  it("is put off", () =>
    compare(
      plain(2),
      async (side) => {
        await side.take(1);
        await side.postpone(0, 120_000);
      },
      ["delayed"],
    ));

  it("meets a limit", () =>
    compare(
      async (queue) => {
        await queue.setGlobalRateLimit(10, 60_000);
        await plain(3)(queue, "");
      },
      async (side) => {
        await side.take(2);
        await side.limit(1, 60_000);
      },
      ["limiter", "active"],
    ));
});
