import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "../support/client.js";
import { useReleases } from "../support/releases.js";
import { type Bundle, code, setup, startMigratedPostgres, untilDrained } from "./spool-setup.js";

const releases = useReleases();

async function start(options: Parameters<typeof setup>[0] = {}): Promise<Bundle> {
  const bundle = await setup(options);
  releases.push(bundle.release);
  return bundle;
}

type Answer = { id: string; outcome: string };

/**
 * A steady load on three queues, each of one kind of call: a call every 10 ms, one after the other of its kind as far as
 * the order in which they are sent. Ids tell the order.
 */
function load({ client }: Bundle) {
  const answers: Record<string, Answer[]> = { unary: [], bulk: [], stream: [] };
  const calls: Promise<unknown>[] = [];
  const stream = client.addStream();
  stream.on("data", ({ acks }) => {
    for (const { results } of acks) note("stream", results);
  });
  const ended = once(stream, "end");
  let n = 0;
  function note(queue: string, results: { jobId: string; outcome: string; error?: { code: number } | null }[]) {
    const ofQueue = answers[queue] as Answer[];
    for (const { jobId, outcome, error } of results)
      ofQueue.push({ id: jobId, outcome: error ? `${error.code}` : outcome });
  }
  const jobs = (at: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: "n", options: { id: `j${at}-${index}` } }));
  const timer = setInterval(() => {
    n += 1;
    const [job] = jobs(n, 1);
    const id = `j${n}-0`;
    const unary = client.queue("AddJob", { queue: "unary", job }, { deadlineMs: 20_000 });
    calls.push(
      unary.then(
        (answer) => note("unary", [answer]),
        (error) => note("unary", [{ jobId: id, outcome: "", error }]),
      ),
    );
    const bulk = client.queue("AddJobs", { queue: "bulk", jobs: jobs(n, 5) }, { deadlineMs: 20_000 });
    calls.push(bulk.then(({ results }) => note("bulk", results)));
    stream.write({ sequence: n, queue: "stream", jobs: jobs(n, 5) });
  }, 10);
  return {
    answers,
    /** Resolves when so many more calls were made. */
    async more(count: number): Promise<void> {
      const wanted = n + count;
      await expect.poll(() => n).toBeGreaterThanOrEqual(wanted);
    },
    /** Resolves when the latest answer of each queue is this one. */
    async until(outcome: string): Promise<void> {
      const latest = () => Object.values(answers).map((ofQueue) => ofQueue.at(-1)?.outcome);
      await expect.poll(latest, { interval: 5 }).toEqual([outcome, outcome, outcome]);
    },
    async end() {
      clearInterval(timer);
      stream.end();
      await Promise.all([...calls, ended]);
    },
  };
}

/** Ids as they were sent. */
function inOrder(ids: string[]): string[] {
  const key = (id: string) => (/^j(\d+)-(\d+)$/.exec(id) ?? []).slice(1).map(Number) as [number, number];
  return [...ids].sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1]);
}

/** All that was taken is in its queue, once, and in order; what was refused is not, or its outcome was unknown. */
async function expectKept(bundle: Bundle, answers: Record<string, Answer[]>): Promise<Set<string>> {
  const outcomes = new Set<string>();
  for (const [queue, ofQueue] of Object.entries(answers)) {
    for (const { outcome } of ofQueue) outcomes.add(outcome);
    const taken = ofQueue.filter(({ outcome }) => outcome.startsWith("OUTCOME_")).map(({ id }) => id);
    const there = await bundle.waitingIds(queue);
    expect(new Set(there).size).toBe(there.length);
    const refused = new Set(ofQueue.filter(({ outcome }) => !outcome.startsWith("OUTCOME_")).map(({ id }) => id));
    expect(there.filter((id) => !refused.has(id))).toEqual(inOrder(taken));
  }
  return outcomes;
}

/** What each check says of itself. */
async function healthOf({ client }: Bundle): Promise<Record<string, string>> {
  const { checks } = await client.call("posta.health.v1.HealthService", "GetHealth", {});
  const says = ({ name, status, detail }: Record<"name" | "status" | "detail", string>) => [
    name,
    `${status.replace("HEALTH_STATUS_", "")}: ${detail}`,
  ];
  return Object.fromEntries(checks.map(says));
}

describe("a steady load of all kinds of calls", () => {
  it("is taken while Redis is killed and gone for seconds: all in BullMQ once, in order", async () => {
    const bundle = await start();
    await bundle.startDelivery();
    const { answers, more, until, end } = load(bundle);
    await more(50);
    await bundle.redis.kill();
    await until("OUTCOME_SPOOLED");
    await more(200);
    await bundle.redis.restart();
    await until("OUTCOME_ADDED");
    await end();
    await untilDrained(bundle);
    const outcomes = await expectKept(bundle, answers);
    expect([...outcomes].sort()).toEqual(["OUTCOME_ADDED", "OUTCOME_SPOOLED"]);
  });

  it("is taken while Redis hangs for seconds and comes back: all in BullMQ once, in order", async () => {
    const bundle = await start();
    await bundle.startDelivery();
    const { answers, more, until, end } = load(bundle);
    await more(50);
    process.kill(bundle.redis.pid, "SIGSTOP");
    await until("OUTCOME_SPOOLED");
    await more(200);
    process.kill(bundle.redis.pid, "SIGCONT");
    await until("OUTCOME_ADDED");
    await end();
    await untilDrained(bundle);
    const outcomes = await expectKept(bundle, answers);
    expect([...outcomes].filter((outcome) => outcome !== "OUTCOME_DUPLICATE").sort()).toEqual([
      "OUTCOME_ADDED",
      "OUTCOME_SPOOLED",
    ]);
  });

  it("is taken while Redis' disk is full, which health tells: all in BullMQ once, in order", async () => {
    const bundle = await start();
    await bundle.startDelivery();
    const { answers, more, until, end } = load(bundle);
    await more(50);
    bundle.redis.fillDisk(true);
    await expect
      .poll(() => healthOf(bundle), { interval: 20 })
      .toMatchObject({
        "redis-queue": "DEGRADED: The queues' Redis takes no writes: it cannot write to its disk.",
        queue: "DEGRADED: Jobs are added to the spool: the queues' Redis takes none.",
      });
    await until("OUTCOME_SPOOLED");
    await more(100);
    bundle.redis.fillDisk(false);
    await expect
      .poll(() => healthOf(bundle), { interval: 20 })
      .toMatchObject({
        "redis-queue": "OK: The queues' Redis answers.",
        queue: "OK: Jobs can be added.",
      });
    await until("OUTCOME_ADDED");
    await end();
    await untilDrained(bundle);
    const outcomes = await expectKept(bundle, answers);
    expect([...outcomes].sort()).toEqual(["OUTCOME_ADDED", "OUTCOME_SPOOLED"]);
  });

  it("has a clear error for each call while PostgreSQL is gone too", async () => {
    const postgres = await startMigratedPostgres();
    releases.push(() => postgres.stop());
    const bundle = await start({ postgres });
    await bundle.startDelivery();
    const { answers, more, until, end } = load(bundle);
    await more(50);
    await bundle.redis.kill();
    await until("OUTCOME_SPOOLED");
    await postgres.kill();
    await until(`${code.unavailable}`);
    await bundle.redis.restart();
    await more(50);
    await postgres.restart();
    await until("OUTCOME_ADDED");
    await end();
    await untilDrained(bundle);
    for (const ofQueue of Object.values(answers)) {
      const outcomes = new Set(ofQueue.map(({ outcome }) => outcome));
      expect(outcomes).toEqual(new Set(["OUTCOME_ADDED", "OUTCOME_SPOOLED", `${code.unavailable}`]));
      const there = await bundle.waitingIds("unary");
      expect(new Set(there).size).toBe(there.length);
    }
    for (const [queue, ofQueue] of Object.entries(answers)) {
      const there = new Set(await bundle.waitingIds(queue));
      expect(ofQueue.filter(({ id, outcome }) => outcome.startsWith("OUTCOME_") && !there.has(id))).toEqual([]);
    }
  });
});

describe("a job whose outcome in Redis is unknown", () => {
  it("is not spooled where its id would be forgotten, and is told so", async () => {
    const { add, redis } = await start();
    process.kill(redis.pid, "SIGSTOP");
    const kept = add("kept", { options: { id: "kept" } });
    const forgotten = failureOf(add("forgotten", { options: { id: "f", keepOnComplete: { count: 0 } } }));
    expect((await kept).outcome).toBe("OUTCOME_SPOOLED");
    expect(await forgotten).toMatchObject({
      code: code.unavailable,
      details: expect.stringContaining("outcome is unknown"),
    });
    process.kill(redis.pid, "SIGCONT");
  });

  it("is neither spooled nor added once its deadline has passed", async () => {
    const bundle = await start();
    const { client, redis, inspector } = bundle;
    process.kill(redis.pid, "SIGSTOP");
    const call = client.queue("AddJob", { queue: "q", job: { name: "late" } }, { deadlineMs: 700 });
    expect((await failureOf(call)).code).toBe(4);
    // Once the connection has been given up, the batch would go into the spool.
    await expect.poll(async () => (await bundle.add("other", {})).outcome).toBe("OUTCOME_SPOOLED");
    process.kill(redis.pid, "SIGCONT");
    await bundle.startDelivery();
    await untilDrained(bundle);
    expect(await inspector.llen(`${bundle.prefix}:other:wait`)).toBe(1);
    expect(await inspector.llen(`${bundle.prefix}:q:wait`)).toBe(0);
  });
});

describe("a job that is on its way to a PostgreSQL that hangs", () => {
  async function startOnOwnPostgres() {
    const postgres = await startMigratedPostgres();
    releases.push(() => postgres.stop());
    const { client, pool } = await start({ postgres });
    return {
      postgres,
      pool,
      add: (id: string, deadlineMs = 20_000) =>
        client.queue("AddJob", { queue: "q", job: { name: "n", options: { id, durable: true } } }, { deadlineMs }),
      spooled: async () => (await pool.query("SELECT job_id FROM spool ORDER BY seq")).rows.map((row) => row.job_id),
    };
  }

  it("is not spooled when its deadline passes while those before it are written", async () => {
    const { pool, add, spooled } = await startOnOwnPostgres();
    const holder = await pool.connect();
    await holder.query("BEGIN; LOCK TABLE spool");
    const first = add("first");
    await expect.poll(async () => (await pool.query("SELECT FROM pg_locks WHERE NOT granted")).rowCount).toBe(1);
    const [late, patient] = [failureOf(add("late", 300)), add("patient")];
    expect((await late).code).toBe(4);
    await holder.query("COMMIT");
    holder.release();
    const outcomes = (await Promise.all([first, patient])).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["OUTCOME_SPOOLED", "OUTCOME_SPOOLED"]);
    expect(await spooled()).toEqual(["first", "patient"]);
  });

  it("is not spooled when PostgreSQL has it, and comes to it after its deadline", async () => {
    const { postgres, pool, add, spooled } = await startOnOwnPostgres();
    await add("before"); // There is a connection.
    const { rows } = await pool.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'posta'");
    const pids = [postgres.pid, ...rows.map(({ pid }) => pid)];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    const failure = await failureOf(add("late", 300));
    await sleep(200); // The server counts the deadline from when the call reached it.
    for (const pid of pids) process.kill(pid, "SIGCONT");
    expect(failure.code).toBe(4);
    expect((await add("after")).outcome).toBe("OUTCOME_SPOOLED");
    expect(await spooled()).toEqual(["before", "after"]);
  });
});

describe("a durable job", () => {
  it("is SPOOLED and in its queue at once", async () => {
    const bundle = await start();
    await bundle.startDelivery();
    const answer = await bundle.add("q", { options: { id: "d", durable: true } });
    expect(answer).toMatchObject({ jobId: "d", outcome: "OUTCOME_SPOOLED" });
    await expect.poll(() => bundle.waitingIds("q"), { interval: 20 }).toEqual(["d"]);
    await expect.poll(() => bundle.counts()).toEqual({ waiting: 0, moved: 1 });
  });

  it("survives a Redis that lost all it had, and is not doubled by one that kept it", async () => {
    const bundle = await start();
    await bundle.startDelivery();
    await bundle.add("q", { options: { id: "d", durable: true } });
    await expect.poll(() => bundle.waitingIds("q"), { interval: 20 }).toEqual(["d"]);
    await expect.poll(() => bundle.counts()).toEqual({ waiting: 0, moved: 1 });
    await bundle.redis.restart();
    await expect.poll(() => bundle.waitingIds("q")).toEqual(["d"]);
    // A worker has done it and nothing of it is left: it is not added again all the same.
    await bundle.inspector.del(`${bundle.prefix}:q:wait`, `${bundle.prefix}:q:d`);
    await bundle.redis.restart();
    expect((await bundle.add("q", { options: { id: "e", durable: true } })).outcome).toBe("OUTCOME_SPOOLED");
    await expect.poll(() => bundle.waitingIds("q")).toEqual(["e"]);
    await bundle.redis.kill();
    rmSync(`${dirname(bundle.redis.socket)}/appendonlydir`, { recursive: true });
    await bundle.redis.restart();
    await expect.poll(() => bundle.waitingIds("q")).toEqual(["d", "e"]);
  });

  it("is refused while PostgreSQL is down, and others are not", async () => {
    const postgres = await startMigratedPostgres();
    releases.push(() => postgres.stop());
    const { add } = await start({ postgres });
    await postgres.kill();
    expect(await failureOf(add("q", { options: { durable: true } }))).toMatchObject({ code: code.unavailable });
    expect((await add("q", {})).outcome).toBe("OUTCOME_ADDED");
  });
});
