import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Job, open } from "./session-setup.js";
import {
  add,
  checkLeases,
  freshQueue,
  type Held,
  lease,
  posta,
  redis,
  releases,
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

/** The keys of Posta's own that any command names from now on, also those that a script writes, and those that end soon. */
async function watchKeys(): Promise<Set<string>> {
  const keys = new Set<string>();
  const monitor = await redis.monitor();
  releases.push(() => monitor.disconnect());
  const start = `${posta.prefix}:`;
  monitor.on("monitor", (_time: string, args: string[]) => {
    for (const arg of args) if (arg.startsWith(start) && arg.includes("posta-")) keys.add(arg.slice(start.length));
  });
  return keys;
}

/** Does all that writes a key. Resolves to the job that is still held. */
async function useAll(queue: string, other: string): Promise<Held> {
  await add(queue, 4, { attempts: 3 });
  const [kept, retried, released, stuck] = (await lease(queue, { maxJobs: 4, requestId: "r" })) as Held[];
  await report(queue, retried, { fail: { message: "m", retryDelay: seconds(60) } });
  await report(queue, released, { release: {} });
  const { jobId, leaseToken } = kept as Held;
  await posta.client.worker("ExtendLeases", { queue, leases: [{ jobId, leaseToken }] });
  await posta.client.worker("CancelJob", { queue, jobId: stuck?.jobId, grace: seconds(60) });
  await checkLeases();
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
  return kept as Held;
}

describe("a worker", () => {
  it("leaves the keys and fields of the table, each with its time-out, and no others", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    const keys = await watchKeys();
    const { jobId } = await useAll(queue, other);
    const fields = Object.keys(await redis.hgetall(`${posta.prefix}:${queue}:${jobId}`));
    const [keyRows, fieldRows] = [rows.filter(({ isField }) => !isField), rows.filter(({ isField }) => isField)];
    expect(fields.filter((field) => field.startsWith("posta-"))).toEqual(fieldRows.map(({ name }) => name));
    const rowOf = (key: string) => keyRows.findLast(({ pattern }) => pattern.test(key))?.name;
    // Not of workers: what a server writes and reads by itself, and the channel of orders, which is no key.
    const others = ["posta-queues", "posta-write-probe", "posta-delivery", "posta-work-control"];
    const own = [...keys].filter((key) => !others.includes(key));
    expect(own.filter((key) => rowOf(key) === undefined)).toEqual([]);
    expect(new Set(own.map(rowOf))).toEqual(new Set(keyRows.map(({ name }) => name)));
    for (const key of own) {
      const [leftMs, row] = [await redis.pttl(`${posta.prefix}:${key}`), rows.find(({ name }) => name === rowOf(key))];
      const mostMs = row?.timeoutMs as number;
      if (leftMs === -2) continue; // It has ended.
      expect([key, mostMs === -1 ? leftMs === -1 : leftMs > 0 && leftMs <= mostMs]).toEqual([key, true]);
    }
  });
});
