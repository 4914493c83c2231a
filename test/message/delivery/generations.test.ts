import { Registry } from "prom-client";
import { uuidv7 } from "uuidv7";
import { describe, expect, it } from "vitest";
import { Claims } from "../../../src/message/delivery/claim.js";
import { DeliveryMetrics } from "../../../src/message/delivery/delivery-metrics.js";
import { Rescheduler } from "../../../src/message/delivery/rescheduler.js";
import { type Decision, decide } from "../../../src/message/delivery/retry-rules.js";
import { Sweep } from "../../../src/message/outbox/sweep.js";
import type { PostgresStore } from "../../../src/store/postgres/store.js";
import { createDatabase } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";
import { openMessages, putMessages, readMessage } from "../messages.js";

const releases = useReleases();

async function setup() {
  const database = await createDatabase();
  releases.push(() => database.drop());
  const store = await openMessages(database.url);
  releases.push(() => store.close());
  return store;
}

async function outboxOf(store: PostgresStore, id: string) {
  const text = "SELECT turn, tried, moved_at IS NOT NULL AS moved FROM outbox WHERE message_id = $1";
  return store.query<{ turn: number; tried: number; moved: boolean }>({ name: "outbox", text }, [id]);
}

const metrics = () => new DeliveryMetrics(new Registry());
const job = (id: string, generation: number) => ({ id, recipient: "4915112345678", generation });

describe("a job of another generation than the outbox's", () => {
  it("claims nothing", async () => {
    const store = await setup();
    const [id = ""] = await putMessages(store, 1, "queued");
    const claims = new Claims(store, metrics(), () => {});
    expect(await claims.take(job(id, 1), uuidv7())).toBeUndefined();
    expect((await readMessage(store, id)).status).toBe("queued");
    expect(await claims.take(job(id, 0), uuidv7())).toMatchObject({ id });
    expect(await claims.take(job(id, 0), uuidv7())).toBeUndefined();
  });

  it("puts nothing off", async () => {
    const store = await setup();
    const [id = ""] = await putMessages(store, 1, "queued");
    const rescheduler = new Rescheduler(store, metrics());
    await rescheduler.postpone(job(id, 1), 1000);
    expect(await outboxOf(store, id)).toEqual([{ turn: 0, tried: 0, moved: true }]);
    await rescheduler.postpone(job(id, 0), 1000);
    expect(await outboxOf(store, id)).toEqual([{ turn: 1, tried: 0, moved: false }]);
  });
});

describe("a message whose process was lost", () => {
  it("is sent again if it may be, as long as it has an attempt left", async () => {
    const store = await setup();
    const [first = "", last = "", once = ""] = await putMessages(store, 3, "sending");
    await store.query({ name: "resend", text: "UPDATE messages SET resend = true WHERE id = ANY ($1)" }, [
      [first, last],
    ]);
    await store.query({ name: "tried", text: "UPDATE outbox SET tried = 2 WHERE message_id = $1" }, [last]);
    const options = { senders: () => [], maxAttempts: 3, lostAfterMs: 0, forgottenAfterMs: 0, keyWindowMs: 0 };
    const told: [string, string][] = [];
    const record = (changes: readonly { messageId: string; status: string }[]) =>
      void told.push(...changes.map(({ messageId, status }): [string, string] => [messageId, status]));
    await new Sweep(store, metrics(), record, options).settleLost();
    expect(told.sort()).toEqual(
      [
        [first, "queued"],
        [last, "unknown"],
        [once, "unknown"],
      ].sort(),
    );
    expect(await outboxOf(store, first)).toEqual([{ turn: 1, tried: 1, moved: false }]);
    expect(await outboxOf(store, last)).toEqual([]);
  });
});

describe("a row of the outbox", () => {
  it("goes where its message has nothing left to do, and stays where it has, or is young", async () => {
    const store = await setup();
    const [done = "", young = ""] = await putMessages(store, 2, "sent");
    const [waits = ""] = await putMessages(store, 1, "queued");
    const old = "UPDATE outbox SET moved_at = now() - interval '1 h' WHERE message_id = ANY ($1)";
    await store.query({ name: "old", text: old }, [[done, waits]]);
    const options = {
      senders: () => [],
      maxAttempts: 3,
      lostAfterMs: 0,
      forgottenAfterMs: 60_000,
      keyWindowMs: 60_000,
    };
    await new Sweep(store, metrics(), () => {}, options).forget();
    const left = await Promise.all([done, young, waits].map(async (id) => (await outboxOf(store, id)).length));
    expect(left).toEqual([0, 1, 1]);
  });
});

describe("the time until the next attempt", () => {
  const message = { tried: 2, attempts: 9, resend: true, pairLimits: 1 } as Parameters<typeof decide>[1];
  const refused = (verdict: "retry" | "pair-limit", code: number) =>
    decide({ kind: "refused", verdict, code, message: "" }, message, 5) as Decision & { afterMs: number };

  it("differs each time, so that what failed together does not come back together, and is bounded", () => {
    const times = Array.from({ length: 50 }, () => refused("retry", 131000).afterMs);
    expect(new Set(times).size).toBeGreaterThan(40);
    expect(Math.max(...times)).toBeLessThanOrEqual(4000);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500);
  });

  it("is 4^n s for a recipient who got too many", () => {
    expect(refused("pair-limit", 131056).afterMs).toBe(16_000);
  });
});
