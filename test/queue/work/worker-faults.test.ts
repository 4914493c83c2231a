import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Queue as BullQueue, Worker } from "bullmq";
import { describe, expect, inject, it } from "vitest";
import { startServer } from "../../support/posta.js";
import { type Job, open } from "./session-setup.js";
import { add, connection, countsOf, freshQueue, posta, redis, releases, seconds, waitingCalls } from "./work-setup.js";

/** Workers that meet others, or end. docs/workers.md lists each failure with its test. */

describe("a marker that a dying worker took with it", () => {
  it("leaves the jobs of its queue in line for some seconds only, however often others ask for other queues", async () => {
    const [queue, other] = [freshQueue(), freshQueue()];
    const session = open();
    session.hello(queue, 1);
    await session.until("welcome");
    const call = { queue: other, worker: "w", wait: seconds(40) };
    const waiting = posta.client.worker("LeaseJobs", call, { deadlineMs: 60_000 });
    await expect.poll(waitingCalls).toBe(1);
    // A job that is in line without a marker: it was added while the queue was paused.
    await redis.hset(`${posta.prefix}:${queue}:meta`, "paused", 1);
    const [id] = await add(queue);
    await redis.hdel(`${posta.prefix}:${queue}:meta`, "paused");
    await session.untilJobs(1, 30_000);
    expect(session.jobs()).toMatchObject([{ jobId: id }]);
    await add(other);
    expect((await waiting).jobs).toHaveLength(1);
  });
});

describe("a worker that drains", () => {
  it("gets each job that was leased to it before `drained`, and none after", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 1000);
    await session.until("welcome");
    const adding = Promise.all(Array.from({ length: 20 }, () => add(queue, 10)));
    await expect.poll(() => session.jobs().length).toBeGreaterThan(0);
    session.stream.write({ drain: {} });
    const [{ lastSequence }] = await session.until("drained");
    const at = session.got.findIndex(({ message }) => message === "drained");
    await adding;
    await sleep(200);
    const assigns = session.got.flatMap(({ message, assign }, place) =>
      message === "assign" ? [[place, assign.sequence]] : [],
    );
    expect(assigns.filter(([place, sequence]) => place > at || sequence > lastSequence)).toEqual([]);
    expect(await countsOf(queue)).toMatchObject({
      active: session.jobs().length,
      waiting: 200 - session.jobs().length,
    });
  });

  it("while its server stops: its reports still count, and both end", async () => {
    const server = await startServer(inject("redisUrl"));
    await server.serving;
    const session = open(server);
    session.hello("q", 1);
    await server.client.queue("AddJobs", { queue: "q", jobs: [{ name: "n" }, { name: "n" }] });
    await expect.poll(() => session.jobs().length).toBe(1);
    session.stream.write({ drain: {} });
    const stopped = server.stop();
    await session.until("drained");
    await session.until("leave");
    session.report("q", session.jobs()[0] as Job, { complete: {} });
    expect((await session.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
    session.stream.end();
    expect(await session.ended).toMatchObject({ code: status.OK });
    await stopped;
    expect(await redis.llen(`${server.prefix}:q:wait`)).toBe(1);
  });
});

describe("a worker that comes later", () => {
  it("gets the next jobs, though others have waited longer and hold as many as they take", async () => {
    const queue = freshQueue();
    const first = open();
    first.hello(queue, 3);
    await add(queue, 5);
    await expect.poll(() => first.jobs().length).toBe(3);
    const second = open();
    second.hello(queue, 3);
    await expect.poll(() => second.jobs().length).toBe(2);
  });
});

describe("workers of both kinds at a queue that is paused or full", () => {
  it("never work on more than it allows, and finish all when it allows more", async () => {
    const queue = freshQueue();
    let [now, most, done] = [0, 0, 0];
    const begin = () => {
      now += 1;
      most = Math.max(most, now);
    };
    const bull = new Worker(
      queue,
      async () => {
        begin();
        await sleep(20);
        [now, done] = [now - 1, done + 1];
      },
      { connection, prefix: posta.prefix, concurrency: 5 },
    );
    releases.push(() => bull.close());
    const handle = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => handle.close());
    await posta.client.queue("AddJob", { queue, job: { name: "n" } });
    await posta.client.queue("SetQueueLimits", { queue, limits: { concurrency: 2 } });
    await posta.client.queue("PauseQueue", { queue });
    const session = open();
    session.stream.on("data", async ({ message, assign }) => {
      if (message !== "assign") return;
      for (const job of assign.jobs) {
        begin();
        await sleep(20);
        [now, done] = [now - 1, done + 1];
        session.report(queue, job, { complete: {} });
      }
    });
    session.hello(queue, 5);
    await session.until("welcome");
    await expect.poll(async () => (await countsOf(queue)).active).toBe(0);
    const before = done;
    await add(queue, 60);
    await sleep(300);
    expect(done).toBe(before);
    await posta.client.queue("ResumeQueue", { queue });
    await expect.poll(async () => (await countsOf(queue)).completed, { timeout: 15_000 }).toBe(61);
    expect(most).toBeLessThanOrEqual(2);
  });
});
