import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { detailsOf, failureOf } from "../support/client.js";
import { type Bundle, code, readCounts, setup } from "./setup.js";

const accepted = "ACKNOWLEDGEMENT_ACCEPTED";
const bufferLimit = 150;

let bundle: Bundle;
beforeEach(async () => {
  bundle = await setup({ POSTA_ANALYTICS_MAX_BUFFERED: String(bufferLimit) });
  return () => bundle.stop();
});

const track = (name: string, deadlineMs?: number) => bundle.call("TrackEvent", { event: { name } }, deadlineMs);
const accept = (name: string) => bundle.call("TrackEvent", { event: { name }, acknowledgement: accepted });

/** How many events of a name Redis has counted. */
async function countOf(name: string): Promise<number> {
  const counts = [...(await readCounts(bundle))].filter(([key]) => key.split(" ")[1] === name);
  return counts.reduce((sum, [, { events }]) => sum + events, 0);
}

describe("an analytics Redis that is gone", () => {
  it("fails STORED writes at once, leaves the queues alone, and is used again once it is back", async () => {
    await bundle.redis.kill();
    await bundle.untilHealth("NOT_SERVING");
    const begun = Date.now();
    const error = await failureOf(track("gone", 20_000));
    expect(error.code).toBe(code.unavailable);
    expect(error.details).toBe("the analytics store cannot be reached; nothing was done");
    expect(detailsOf(error).RetryInfo).toBeDefined();
    expect(Date.now() - begun).toBeLessThan(bundle.posta.config.redisTimeoutMs);
    const { outcome } = await bundle.posta.client.queue("AddJob", { queue: "q", job: { name: "j" } });
    expect(outcome).toBe("OUTCOME_ADDED");
    await bundle.redis.restart();
    await bundle.untilHealth("SERVING");
    expect(await track("back")).toEqual({ outcome: "OUTCOME_STORED" });
  });

  it("lets ACCEPTED writes wait for it, up to a bound", async () => {
    await bundle.redis.kill();
    await bundle.untilHealth("NOT_SERVING");
    const answers = await Promise.allSettled(Array.from({ length: bufferLimit + 10 }, () => accept("kept")));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    expect(refused).toHaveLength(10);
    for (const error of refused) {
      expect(error.code).toBe(code.resourceExhausted);
      expect(detailsOf(error).RetryInfo).toBeDefined();
    }
    await bundle.redis.restart();
    await expect.poll(() => countOf("kept").catch(() => 0)).toBe(bufferLimit);
  });
});

describe("an analytics Redis that hangs", () => {
  it("counts nothing after the caller's deadline", async () => {
    process.kill(bundle.redis.pid, "SIGSTOP");
    const late = await Promise.all(Array.from({ length: 5 }, () => failureOf(track("late", 300))));
    expect(late.map((error) => error.code)).toEqual(late.map(() => code.deadlineExceeded));
    // A Redis that wakes up in the very millisecond of the deadline may still be in time.
    await sleep(300);
    process.kill(bundle.redis.pid, "SIGCONT");
    await bundle.untilHealth("SERVING");
    await expect.poll(() => track("after").catch(() => undefined)).toEqual({ outcome: "OUTCOME_STORED" });
    expect(await countOf("late")).toBe(0);
  });
});

describe("ACCEPTED writes", () => {
  it("are answered at once, and written within a second or so", async () => {
    expect(await accept("soon")).toEqual({ outcome: "OUTCOME_ACCEPTED" });
    await expect.poll(() => countOf("soon"), { timeout: 3000 }).toBe(1);
  });

  it("are written by a server that stops", async () => {
    const name = "stopping";
    for (let event = 0; event < 42; event += 1) await accept(name);
    await bundle.posta.stop();
    expect(await countOf(name)).toBe(42);
  });
});
