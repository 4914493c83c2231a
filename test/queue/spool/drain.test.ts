import { describe, expect, it } from "vitest";
import { keepOrder, readNext } from "../../../src/queue/spool/drain.js";
import { useReleases } from "../../support/releases.js";
import { type Bundle, setup, untilDrained } from "../spool-setup.js";

const releases = useReleases();

async function start(options: Parameters<typeof setup>[0] = {}): Promise<Bundle> {
  const bundle = await setup(options);
  releases.push(bundle.release);
  return bundle;
}

const ids = (count: number) => Array.from({ length: count }, (_, n) => `j${n}`);

/** Puts jobs into the spool as a server does. */
async function spool({ client }: Bundle, queue: string, jobIds: string[], options: object = {}): Promise<void> {
  const jobs = jobIds.map((id) => ({ name: "n", options: { id, durable: true, ...options } }));
  const { results } = await client.queue("AddJobs", { queue, jobs });
  expect(new Set(results.map(({ outcome }: { outcome: string }) => outcome))).toEqual(new Set(["OUTCOME_SPOOLED"]));
}

describe("the drain", () => {
  it("moves queues of thousands of jobs in order, with two delivery processes at it", async () => {
    const bundle = await start();
    await spool(bundle, "a", ids(3000));
    await spool(bundle, "b", ids(3000));
    await Promise.all([bundle.startDelivery(), bundle.startDelivery()]);
    await untilDrained(bundle);
    expect(await bundle.waitingIds("a")).toEqual(ids(3000));
    expect(await bundle.waitingIds("b")).toEqual(ids(3000));
  });

  it("adds no job again that came in before it died, be it done and forgotten by then", async () => {
    const bundle = await start();
    const { inspector, pool, prefix } = bundle;
    const first = await bundle.startDelivery();
    await spool(bundle, "q", ["done", "kept"], { keepOnComplete: { count: 0 } });
    await expect.poll(() => bundle.counts(), { interval: 20 }).toEqual({ waiting: 0, moved: 2 });
    await first.stop();
    // As if it had died between the add and the mark, and a worker had been quick.
    await inspector.multi().lrem(`${prefix}:q:wait`, 1, "done").del(`${prefix}:q:done`).exec();
    await pool.query("UPDATE spool SET moved_at = NULL");
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect(await bundle.waitingIds("q")).toEqual(["kept"]);
  });

  it("adds no job again that BullMQ itself put in, with deduplication, nor runs a redriven one twice", async () => {
    const bundle = await start();
    const { inspector, pool, prefix } = bundle;
    const first = await bundle.startDelivery();
    const once = { keepOnComplete: { count: 0 }, deduplication: { id: "d", ttl: { seconds: 1 } } };
    await spool(bundle, "q", ["done"], once);
    await spool(bundle, "q", ["again"]);
    await expect.poll(() => bundle.counts(), { interval: 20 }).toEqual({ waiting: 0, moved: 2 });
    await first.stop();
    // Both were done, and the drain died before it could say so.
    await inspector.del(`${prefix}:q:wait`, `${prefix}:q:done`, `${prefix}:q:again`, `${prefix}:q:de:d`);
    await pool.query("UPDATE spool SET moved_at = NULL, redrive = job_id = 'again'");
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect(await bundle.waitingIds("q")).toEqual([]);
  });

  it.each(["meta", "wait", "events", "marker"])(
    "lets no queue that Redis cannot add to hold up the others: its %s is no such thing",
    async (part) => {
      const bundle = await start();
      const { inspector, prefix } = bundle;
      await inspector.set(`${prefix}:broken:${part}`, "something else");
      await spool(bundle, "broken", ["a", "b"]);
      await spool(bundle, "q", ["c"]);
      await bundle.startDelivery();
      await expect.poll(() => bundle.waitingIds("q")).toEqual(["c"]);
      // A row is marked as moved after its job is in the queue.
      await expect.poll(async () => (await bundle.counts()).waiting).toBe(2);
      await inspector.del(`${prefix}:broken:${part}`);
      await untilDrained(bundle);
      expect(await bundle.waitingIds("broken")).toEqual(["a", "b"]);
    },
  );

  it("reads pages ahead, and lets no later page of such a queue overtake an earlier one", async () => {
    const bundle = await start();
    const { inspector, prefix } = bundle;
    await inspector.set(`${prefix}:broken:wait`, "no list");
    await spool(bundle, "q", ["first"]);
    await spool(bundle, "broken", ids(1200));
    await spool(bundle, "q", ids(1200));
    await bundle.startDelivery();
    await expect.poll(() => bundle.waitingIds("q")).toEqual(["first", ...ids(1200)]);
    expect(await inspector.type(`${prefix}:broken:wait`)).toBe("string");
    await inspector.del(`${prefix}:broken:wait`);
    await untilDrained(bundle);
    expect(await bundle.waitingIds("broken")).toEqual(ids(1200));
  });

  it("reads waiting rows in the order of their index, on a database that has no statistics yet", async () => {
    const { pool } = await start();
    await pool.query(`INSERT INTO spool (queue, job_id, name, data, options)
      SELECT 'q', n, 'n', '{}', '{}' FROM generate_series(1, 5000) AS n`);
    await pool.query("UPDATE spool SET moved_at = now() WHERE seq % 2 = 0");
    const session = await pool.connect();
    await session.query(keepOrder.text);
    const { rows } = await session.query(`EXPLAIN (GENERIC_PLAN) ${readNext.text}`);
    session.release(true);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toMatch(/Index Scan using spool_waiting on spool/);
    expect(plan).not.toMatch(/Sort|Bitmap|Seq Scan/);
  });

  it("leaves out just the rows that are on their way, not those between them that were committed late", async () => {
    const { pool } = await start();
    await pool.query(`INSERT INTO spool (queue, job_id, name, data, options)
      SELECT 'q', n, 'n', '{}', '{}' FROM generate_series(1, 6) AS n`);
    const { rows } = await pool.query(`SELECT seq::int FROM spool ORDER BY seq`);
    const seqs = rows.map(({ seq }) => seq);
    const read = await pool.query(readNext.text, [[], [seqs[4], seqs[0], seqs[2]]]);
    expect(read.rows.map(({ seq }) => Number(seq))).toEqual([seqs[1], seqs[3], seqs[5]]);
  });

  it("lets such a queue neither use up the others' room nor keep them behind", async () => {
    const bundle = await start({ env: { POSTA_QUEUE_MAX_SPOOLED: "10" } });
    const { inspector, prefix, add } = bundle;
    await inspector.set(`${prefix}:broken:meta`, "no hash");
    await spool(bundle, "broken", ["a"]);
    await bundle.startDelivery();
    for (let n = 0; n < 12; n += 4) {
      await spool(
        bundle,
        "q",
        [0, 1, 2, 3].map((more) => `s${n + more}`),
      );
      await expect.poll(async () => (await bundle.counts()).waiting, { interval: 20 }).toBe(1);
    }
    await bundle.loseRedis();
    expect((await add("q", { options: { id: "after" } })).outcome).toBe("OUTCOME_SPOOLED");
    await bundle.redis.restart();
    await expect.poll(async () => (await add("q", {})).outcome).toBe("OUTCOME_ADDED");
    expect((await bundle.counts()).waiting).toBe(1);
  });

  it("removes the rows of jobs that Redis cannot lose any more, with their marks", async () => {
    const bundle = await start();
    const { inspector, pool, prefix } = bundle;
    const delivery = await bundle.startDelivery();
    await spool(bundle, "q", ids(20));
    await expect.poll(() => bundle.counts(), { interval: 20 }).toEqual({ waiting: 0, moved: 20 });
    expect(await inspector.zcard(`${prefix}:posta-spooled`)).toBe(20);
    await pool.query("UPDATE spool SET moved_at = moved_at - interval '10 seconds' WHERE job_id <> 'j0'");
    await expect.poll(() => bundle.counts()).toEqual({ waiting: 0, moved: 1 });
    expect(await inspector.zcard(`${prefix}:posta-spooled`)).toBe(1);
    const metric = async (name: string) => (await delivery.metrics.getSingleMetric(name)?.get())?.values;
    expect(await metric("posta_spool_drained_total")).toMatchObject([{ value: 20 }]);
    await expect
      .poll(() => metric("posta_spool_jobs"))
      .toMatchObject([
        { labels: { state: "waiting" }, value: 0 },
        { labels: { state: "moved" }, value: 1 },
      ]);
    const spooled = await bundle.posta.metrics.getSingleMetric("posta_spool_spooled_total")?.get();
    expect(spooled?.values).toMatchObject([{ value: 20 }]);
  });
});
