import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Job, open } from "./session-setup.js";
import {
  add,
  endLease,
  findLost,
  freshQueue,
  type Held,
  lease,
  posta,
  redis,
  report,
  seconds,
  waitingCalls,
} from "./work-setup.js";

/** What workers leave in Redis beyond BullMQ's own: the table in docs/workers.md has all of it. */

const text = readFileSync(new URL("../../../docs/workers.md", import.meta.url), "utf8");
const section = text.split("## What workers leave in Redis\n")[1]?.split("\n## ")[0] ?? "";
const unitMs: Record<string, number> = { s: 1000, min: 60_000, h: 3_600_000 };

/** The table's rows: a pattern of the key or of its field, and the longest time-out in milliseconds. */
const rows = section.split("\n").flatMap((line) => {
  const [, cell = "", , , timeout = ""] = line.split("|").map((one) => one.trim());
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  const name = names.at(-1);
  if (name === undefined) return [];
  const pattern = new RegExp(`^${name.replace(/<[^>]+>/g, ".+")}$`);
  return [{ name, pattern, isField: names.length > 1, timeoutMs: toMs(timeout) }];
});

/** "10 min" in milliseconds; -1: there is none. A time-out of a lease: 30 s, as in this test. */
function toMs(timeout: string): number {
  if (timeout.startsWith("none")) return -1;
  if (timeout === "the lease") return 30_000;
  const [count, unit = ""] = timeout.split(" ");
  return Number(count) * (unitMs[unit] as number);
}

/** The keys of Posta's own that are there, without the prefix. */
async function readKeys(): Promise<string[]> {
  const start = `${posta.prefix}:`;
  return (await redis.keys(`${start}*posta-*`)).map((key) => key.slice(start.length));
}

/** Does all that writes a key. Resolves to the job that is still held. */
async function useAll(queue: string, other: string): Promise<Held> {
  await add(queue, 5, { attempts: 3 });
  const [kept, retried, released, stuck, lost] = (await lease(queue, { maxJobs: 5, requestId: "r" })) as Held[];
  await report(queue, retried, { fail: { message: "m", retryDelay: seconds(60) } });
  await report(queue, released, { release: {} });
  const { jobId, leaseToken } = kept as Held;
  await posta.client.worker("ExtendLeases", { queue, leases: [{ jobId, leaseToken }] });
  await posta.client.worker("CancelJob", { queue, jobId: stuck?.jobId, grace: seconds(60) });
  const session = open();
  session.hello(other, 1);
  await session.until("welcome");
  const waiting = posta.client.worker("LeaseJobs", { queue: freshQueue(), worker: "v", wait: seconds(20) });
  await expect.poll(waitingCalls).toBe(1);
  const isListed = async () => (await posta.client.worker("ListWorkers", {})).workers.length;
  await expect.poll(isListed).toBe(3);
  await posta.client.worker("DrainWorker", { worker: "v" });
  await waiting;
  await add(other);
  await expect.poll(() => session.jobs().length).toBe(1);
  session.report(other, session.jobs()[0] as Job, { complete: {} });
  await session.acks();
  await endLease(queue, lost as Held);
  await findLost();
  return kept as Held;
}

describe("a worker", () => {
  it("leaves the keys and fields of the table, each with its time-out, and no others", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    const { jobId } = await useAll(queue, other);
    const keys = await readKeys();
    const fields = Object.keys(await redis.hgetall(`${posta.prefix}:${queue}:${jobId}`));
    const [keyRows, fieldRows] = [rows.filter(({ isField }) => !isField), rows.filter(({ isField }) => isField)];
    expect(fields.filter((field) => field.startsWith("posta-"))).toEqual(fieldRows.map(({ name }) => name));
    const rowOf = (key: string) => keyRows.findLast(({ pattern }) => pattern.test(key))?.name;
    const own = keys.filter((key) => key !== "posta-queues"); // The adds write that one.
    expect(own.filter((key) => rowOf(key) === undefined)).toEqual([]);
    // The server takes its interrupt away at once, and the check's key may have ended.
    const seen = new Set([...own.map(rowOf), "posta-interrupt:<server>", "<queue>:posta-lease-check"]);
    expect(seen).toEqual(new Set(keyRows.map(({ name }) => name)));
    for (const key of own) {
      const [leftMs, row] = [await redis.pttl(`${posta.prefix}:${key}`), rows.find(({ name }) => name === rowOf(key))];
      const mostMs = row?.timeoutMs as number;
      if (leftMs === -2) continue; // It has ended.
      expect([key, mostMs === -1 ? leftMs === -1 : leftMs > 0 && leftMs <= mostMs]).toEqual([key, true]);
    }
  });
});
