import { describe, expect, it } from "vitest";
import { type Bundle, redrive, start, untilDrained, work } from "../spool-setup.js";

async function lettersOf({ pool }: Bundle) {
  return (await pool.query("SELECT * FROM dead_letters ORDER BY ref")).rows;
}

const backoff = { type: "BACKOFF_TYPE_FIXED", delay: { seconds: 0, nanos: 1e6 } };

describe("a job that failed for good", () => {
  it("is put into dead_letters once, with its history", async () => {
    const bundle = await start();
    const delivery = await bundle.startDelivery();
    await bundle.add("q", { dataJson: '{"a": 1}', options: { id: "bad", attempts: 2, backoff } });
    await bundle.add("q", { options: { id: "good" } });
    work(bundle, "q", async (job) => {
      if (job.id === "bad") throw new Error(`no luck ${job.attemptsMade}`);
    });
    await expect.poll(() => lettersOf(bundle)).toHaveLength(1);
    const [letter] = await lettersOf(bundle);
    expect(letter).toMatchObject({ kind: 2, source: "q", ref: "bad", content: '{"a": 1}', reason: "no luck 1" });
    const history = JSON.parse(letter.history);
    expect(history).toMatchObject([
      { attempt: 1, stacktrace: expect.stringContaining("no luck 0") },
      { attempt: 2, stacktrace: expect.stringContaining("no luck 1"), end_time: letter.failed_at.toISOString() },
    ]);
    expect(JSON.parse(letter.options)).toMatchObject({ name: "n", attempts: 2 });
    const collected = async () =>
      (await delivery.metrics.getSingleMetric("posta_dead_jobs_total")?.get())?.values[0]?.value;
    expect(await collected()).toBe(1);
    // Another process, that looks at all of it again.
    await delivery.stop();
    await bundle.pool.query("DELETE FROM dead_letter_cursors");
    await bundle.startDelivery();
    await expect.poll(async () => (await bundle.pool.query("SELECT FROM dead_letter_cursors")).rowCount).toBe(1);
    expect(await lettersOf(bundle)).toHaveLength(1);
  });

  it("is found among hundreds that ended in the same millisecond; those of Posta's own queues are left out", async () => {
    const bundle = await start();
    const { inspector, prefix } = bundle;
    const now = Date.now();
    const pipeline = inspector.pipeline();
    for (const queue of ["many", "posta-own"]) {
      pipeline.zadd(`${prefix}:posta-queues`, 0, queue);
      for (let n = 0; n < 350; n += 1) {
        const fields = { name: "n", data: "1", opts: "{}", failedReason: "r\0", finishedOn: now, stacktrace: "[]" };
        pipeline.hset(`${prefix}:${queue}:j${n}`, fields);
        pipeline.zadd(`${prefix}:${queue}:failed`, now, `j${n}`);
      }
    }
    await pipeline.exec();
    await bundle.startDelivery();
    await expect.poll(() => lettersOf(bundle)).toHaveLength(350);
    expect(new Set((await lettersOf(bundle)).map(({ source }) => source))).toEqual(new Set(["many"]));
  });
});

describe("a failed job that others wrote", () => {
  const now = Date.now();
  const traces = JSON.stringify(Array.from({ length: 1000 }, () => "Error: boom".repeat(1000)));

  async function write(
    { inspector, prefix }: Bundle,
    queue: string,
    failedAt: number,
    { id = "j", ...fields }: { id?: string; [field: string]: unknown } = {},
  ) {
    await inspector.zadd(`${prefix}:posta-queues`, 0, queue);
    const job = {
      name: "n",
      data: "1",
      opts: "{}",
      failedReason: "r",
      finishedOn: failedAt,
      stacktrace: "[]",
      ...fields,
    };
    await inspector.hset(`${prefix}:${queue}:${id}`, job);
    await inspector.zadd(`${prefix}:${queue}:failed`, failedAt, id);
  }

  it("is found although its worker's clock is behind those of others", async () => {
    const bundle = await start();
    const cursor = "INSERT INTO dead_letter_cursors (queue, finished_until) VALUES ('late', $1)";
    await bundle.pool.query(cursor, [now]);
    await write(bundle, "late", now - 30_000);
    await bundle.startDelivery();
    await expect.poll(() => lettersOf(bundle)).toMatchObject([{ source: "late", ref: "j" }]);
  });

  it("hides no later one although its worker's clock is ahead of those of others", async () => {
    const bundle = await start();
    await write(bundle, "fast", now + 600_000, { id: "ahead" });
    await bundle.startDelivery();
    await expect.poll(() => lettersOf(bundle)).toMatchObject([{ ref: "ahead" }]);
    await write(bundle, "fast", Date.now(), { id: "later" });
    await expect.poll(() => lettersOf(bundle)).toMatchObject([{ ref: "ahead" }, { ref: "later" }]);
  });

  it("is kept although what it holds nests deeply, beside one that is no job at all", async () => {
    const bundle = await start();
    const deep = "[".repeat(20_000) + "]".repeat(20_000);
    await write(bundle, "a-traces", now, { stacktrace: `[${deep},"trace"]`, data: deep });
    await write(bundle, "b-options", now, { opts: `{"attempts":2,"backoff":${deep}}` });
    await write(bundle, "c-beside", now);
    const { inspector, prefix } = bundle;
    await inspector.set(`${prefix}:c-beside:string`, "no job");
    await inspector.zadd(`${prefix}:c-beside:failed`, now - 1, "string");
    await bundle.startDelivery();
    const letters = async () => (await lettersOf(bundle)).map(({ source, content }) => [source, content]).toSorted();
    await expect.poll(letters, { timeout: 20_000 }).toEqual([
      ["a-traces", deep],
      ["b-options", "1"],
      ["c-beside", "1"],
    ]);
  });

  it("is kept as far as it can be, in a size that can be listed, and holds up no other queue", async () => {
    const bundle = await start();
    await write(bundle, "a-time", now, { processedOn: "soon" });
    await write(bundle, "b-fraction", now - 5000.5);
    await write(bundle, "c-large", now, { atm: 1000, stacktrace: traces });
    await write(bundle, "d-good", now);
    await bundle.inspector.set(`${bundle.prefix}:b-type:failed`, "no sorted set");
    await bundle.inspector.zadd(`${bundle.prefix}:posta-queues`, 0, "b-type");
    await bundle.startDelivery();
    const sources = async () => (await lettersOf(bundle)).map(({ source }) => source).sort();
    await expect.poll(sources).toEqual(["a-time", "b-fraction", "c-large", "d-good"]);
    const { deadLetters } = await bundle.client.call("posta.message.v1.MessageService", "ListDeadLetters", {});
    expect(deadLetters).toHaveLength(4);
    const history = JSON.parse(deadLetters.find(({ source }: { source: string }) => source === "c-large").historyJson);
    expect(history).toHaveLength(20);
    expect(history.at(-1)).toMatchObject({ attempt: 1000 });
  });
});

describe("a job that is redriven", () => {
  it.each(["still there", "gone"])("runs again, with all its attempts, where the failed one is %s", async (state) => {
    const bundle = await start();
    await bundle.startDelivery();
    await bundle.add("q", { dataJson: "7", options: { id: "bad", attempts: 2, backoff } });
    let failing = true;
    const runs: unknown[] = [];
    const worker = work(bundle, "q", async (job) => {
      runs.push(job.data);
      if (failing || runs.length === 3) throw new Error("no luck");
    });
    await expect.poll(() => lettersOf(bundle)).toHaveLength(1);
    if (state === "gone") await bundle.client.queue("RemoveJob", { queue: "q", jobId: "bad" });
    failing = false;
    const completed = new Promise((resolve) => worker.once("completed", resolve));
    await redrive(bundle);
    await untilDrained(bundle);
    await completed;
    expect(runs).toEqual([7, 7, 7, 7]);
  });

  it("runs again where it is in no list, and where a job from the spool has its id", async () => {
    const bundle = await start();
    const { inspector, prefix } = bundle;
    const delivery = await bundle.startDelivery();
    const key = (part: string) => `${prefix}:q:${part}`;
    await bundle.add("q", { dataJson: "7", options: { id: "bad", attempts: 1 } });
    const worker = work(bundle, "q", async () => {
      throw new Error("no luck");
    });
    await expect.poll(() => lettersOf(bundle)).toHaveLength(1);
    await worker.close();
    await delivery.stop();
    await inspector.zrem(key("failed"), "bad");
    for (const id of ["same", "other", "first"]) {
      const options = { id, ...(id === "first" ? { deduplication: { id: "d" } } : {}) };
      await bundle.add("q", { dataJson: "7", options });
      await inspector.lrem(key("wait"), 1, id);
    }
    await inspector.hset(key("same"), { atm: 3, finishedOn: 1 });
    await bundle.add("q", { dataJson: "7", options: { id: "same", durable: true } });
    await bundle.add("q", { dataJson: "8", options: { id: "other", durable: true } });
    await bundle.add("q", { options: { id: "second", durable: true, deduplication: { id: "d" } } });
    await redrive(bundle);
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect((await bundle.waitingIds("q")).toSorted()).toEqual(["bad", "same", "second"]);
    expect(await inspector.hmget(key("bad"), "data", "finishedOn", "failedReason")).toEqual(["7", null, null]);
    expect(await inspector.hmget(key("same"), "data", "finishedOn", "atm")).toEqual(["7", null, null]);
    // Whose content differs is not thrown away: the new one goes where people look for it.
    expect(await inspector.hget(key("other"), "data")).toBe("7");
    expect((await lettersOf(bundle)).map(({ ref, content }) => [ref, content])).toContainEqual(["other", "8"]);
  });
});
