import { setTimeout as sleep } from "node:timers/promises";
import { Queue as BullQueue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, inject, it } from "vitest";
import { gaugeOf, startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { add, connection, freshQueue, lease, posta, releases, seconds, waitingCalls } from "./work-setup.js";

/** What workers are promised that wait for jobs: docs/workers.md. */

describe("a worker that waits", () => {
  it("gets a job as soon as one is added, by Posta or by BullMQ", async () => {
    const queue = freshQueue();
    const begun = performance.now();
    const waiting = lease(queue, { wait: seconds(20) });
    await expect.poll(waitingCalls).toBe(1);
    const [id] = await add(queue);
    expect((await waiting).map(({ jobId }) => jobId)).toEqual([id]);
    const bull = new BullQueue(queue, { connection, prefix: posta.prefix });
    releases.push(() => bull.close());
    const next = lease(queue, { wait: seconds(20) });
    await expect.poll(waitingCalls).toBe(1);
    const { id: bullId } = await bull.add("n", 1);
    expect((await next).map(({ jobId }) => jobId)).toEqual([bullId]);
    expect(performance.now() - begun).toBeLessThan(8000); // Woken, not by the next look after 10 s.
  });

  it("gets a delayed job when it is due, also where another queue is watched already", async () => {
    const [other, queue] = [freshQueue(), freshQueue()];
    const first = lease(other, { wait: seconds(20) });
    await expect.poll(waitingCalls).toBe(1);
    const [id] = await add(queue, 1, { delay: { seconds: 0, nanos: 400e6 } });
    const [job] = await lease(queue, { wait: seconds(9) });
    expect(job?.jobId).toBe(id);
    await add(other);
    expect(await first).toHaveLength(1);
  });

  it("among many: each gets one of the jobs, and those without get none at the end of their time", async () => {
    const queue = freshQueue();
    const waiting = Array.from({ length: 20 }, () => lease(queue, { wait: seconds(3) }));
    await expect.poll(waitingCalls).toBe(20);
    const ids = await add(queue, 12);
    const got = (await Promise.all(waiting)).flat().map(({ jobId }) => jobId);
    expect(got.sort()).toEqual(ids.sort());
    expect(await waitingCalls()).toBe(0);
  });

  it("who went away gives the job back at once", async () => {
    const queue = freshQueue();
    const gone = lease(queue, { wait: seconds(20) }).catch(({ code }) => code);
    await expect.poll(waitingCalls).toBe(1);
    const other = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: posta.prefix });
    releases.push(() => other.stop());
    await other.serving;
    const cancelled = other.client.worker("LeaseJobs", { queue, worker: "w", wait: seconds(20) }, { deadlineMs: 300 });
    expect(await cancelled.catch(({ code }) => code)).toMatchObject({ jobs: [] });
    const [id] = await add(queue);
    expect(await gone).toMatchObject([{ jobId: id }]);
  });

  it("leaves no trace when it has gone away: its place is free, and the next job goes to who still waits", async () => {
    // A server of its own: its next look at the queues is 10 s after the first of these waits.
    const server = await startServer(inject("redisUrl"));
    releases.push(() => server.stop());
    await server.serving;
    const waits = () => gaugeOf(server, "posta_work_waiting_calls");
    const begun = performance.now();
    const request = { queue: "q", worker: "gone", wait: seconds(40) };
    const gone = [1, 2, 3].map(() => server.client.cancellable("posta.queue.v1.WorkerService", "LeaseJobs", request));
    await expect.poll(waits).toBe(3);
    for (const cancel of gone) cancel();
    const waiting = server.client.worker("LeaseJobs", { queue: "q", worker: "w", wait: seconds(20) });
    const { jobId } = await server.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    expect((await waiting).jobs).toMatchObject([{ jobId }]);
    expect(performance.now() - begun).toBeLessThan(9000); // Woken, not by the next look.
    await expect.poll(waits).toBe(0);
  });

  it("over HTTP leaves no trace either", async () => {
    const url = `${posta.httpUrl}/posta.queue.v1.WorkerService/LeaseJobs`;
    const body = JSON.stringify({ queue: freshQueue(), worker: "gone", wait: "40s" });
    const headers = { "content-type": "application/json", "connect-timeout-ms": "50000" };
    const caller = new AbortController();
    const gone = fetch(url, { method: "POST", headers, body, signal: caller.signal }).catch(({ name }) => name);
    await expect.poll(waitingCalls).toBe(1);
    caller.abort();
    expect(await gone).toBe("AbortError");
    await expect.poll(waitingCalls).toBe(0);
  });

  it("costs Redis nothing while it waits but the round of all, however many queues there are", async () => {
    const store = await startRedis();
    const client = new Redis({ path: store.socket });
    const server = await startServer(store.url);
    releases.push(
      () => store.stop(),
      () => client.disconnect(),
      () => server.stop(),
    );
    await server.serving;
    const commands = async () => {
      const stats = await client.info("commandstats");
      return [...stats.matchAll(/cmdstat_(?:zadd|bzpopmin|expire):calls=(\d+)/g)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    };
    const request = (n: number) => ({ queue: `idle-${n}`, worker: "w", wait: seconds(40) });
    for (let n = 0; n < 20; n += 1)
      releases.push(server.client.cancellable("posta.queue.v1.WorkerService", "LeaseJobs", request(n)));
    await expect.poll(() => gaugeOf(server, "posta_work_waiting_calls")).toBe(20);
    await sleep(500); // What begins the waits is done.
    const before = await commands();
    await sleep(4000);
    expect((await commands()) - before).toBeLessThan(10);
  });

  it("is answered at once when its server stops", async () => {
    const other = await startServer(inject("redisUrl"));
    await other.serving;
    const waiting = other.client.worker(
      "LeaseJobs",
      { queue: "q", worker: "w", wait: seconds(40) },
      { deadlineMs: 50_000 },
    );
    await expect.poll(async () => gaugeOf(other, "posta_work_waiting_calls")).toBe(1);
    const begun = performance.now();
    await Promise.all([other.stop(), expect(waiting).resolves.toEqual({ jobs: [], drain: false })]);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
