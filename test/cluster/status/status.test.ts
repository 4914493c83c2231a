import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Status } from "../../../cluster/status/status.js";
import { TestClient } from "../../support/client.js";
import { startCluster, type TestCluster } from "../../support/posta.js";
import { startRedis, type TestRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases(afterAll);
let redis: TestRedis;
let cluster: TestCluster;
let client: TestClient;

beforeAll(async () => {
  redis = await startRedis();
  releases.push(() => redis.stop());
  cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: redis.url,
    POSTA_ANALYTICS_REDIS_URL: redis.url,
    POSTA_METRICS_INTERVAL: "100ms",
  });
  releases.push(() => cluster.stop());
  client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
});

const get = (path: string, init?: RequestInit) => fetch(`${cluster.adminUrl}${path}`, init);
const status = async () => (await (await get("/status?format=json")).json()) as Status;
const figures = async () => (await status()).checklist.flatMap((item) => item.figures);
const figure = async (id: string) => (await figures()).find((one) => one.id === id);
const addJob = (queue: string) => client.queue("AddJob", { queue, job: { name: "n" } });

describe("/status", () => {
  it("has the guide's eight items, each figure with its targets", async () => {
    const { checklist, processes, health } = await status();
    expect(checklist.map(({ name }) => name)).toEqual([
      "P99 latencies",
      "Error rates",
      "Memory growth",
      "Event loop lag",
      "Queue depths",
      "Slow queries",
      "Cache hit rates",
      "Redis memory",
    ]);
    for (const one of checklist.flatMap((item) => item.figures)) {
      expect(one.objective).toBeGreaterThan(0);
      expect(one.state === "NOT MEASURED").toBe(one.value === undefined);
      expect(one.detail).not.toBe("");
    }
    expect(health.servers).toHaveLength(2);
    expect(processes.map(({ role }) => role)).toEqual(["primary", "server", "server", "delivery"]);
  });

  it("tells what was called, over both transports", async () => {
    await Promise.all(Array.from({ length: 40 }, () => addJob("status")));
    await fetch(`${cluster.httpUrl}/posta.queue.v1.QueueService/AddJob`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ queue: "status", job: { name: "n" } }),
    });
    await expect.poll(async () => (await figure("queue-add-p99"))?.detail).toMatch(/^41 calls in \d+ s$/);
    const { methods, queues, jobsWaiting } = await status();
    expect(methods.map(({ name }) => name)).toEqual(["QueueService/AddJob"]);
    expect(methods[0]?.p99Ms).toBe((await figure("queue-add-p99"))?.value);
    expect(queues[0]).toMatchObject({ name: "status", waiting: 41, active: 0 });
    expect(jobsWaiting).toBe(41);
    expect(await figure("error-rate")).toMatchObject({ value: 0, state: "OK" });
  });

  it("has figures of every store and process that answers", async () => {
    for (const id of ["memory", "event-loop-delay", "oldest-due-job", "redis-memory-queue", "redis-memory-analytics"]) {
      await expect.poll(async () => (await figure(id))?.state, { message: id }).not.toBe("NOT MEASURED");
    }
    expect(await figure("slow-query")).toMatchObject({
      state: "NOT MEASURED",
      detail: "PostgreSQL has no pg_stat_statements that Posta may read",
    });
  });

  it("shows the workers: their sessions, and what they take and finish", async () => {
    const idle = { sessions: 0, running: 0, credits: 0, waitingCalls: 0, lost: 0 };
    expect((await status()).workers).toMatchObject({ ...idle, leasedPerSecond: 0, finishedPerSecond: 0 });
    await Promise.all([addJob("worked"), addJob("worked")]);
    const session = client.stream("posta.queue.v1.WorkerService", "Work");
    session.on("error", () => {}); // It is cancelled.
    const assigned = new Promise<{ jobId: string; leaseToken: string }>((resolve) => {
      session.on("data", ({ assign }) => assign && resolve(assign.jobs[0]));
    });
    session.write({ hello: { worker: "w", credits: [{ queue: "worked", maxInFlight: 5 }] } });
    const cancelCall = client.cancellable("posta.queue.v1.WorkerService", "LeaseJobs", {
      ...{ queue: "nothing-comes", worker: "w", wait: { seconds: 50 } },
    });
    const report = { ...(await assigned), complete: {} };
    session.write({ reports: { reports: [{ reportId: 1, queue: "worked", report }] } });
    await expect
      .poll(async () => (await status()).workers)
      .toMatchObject({ sessions: 1, running: 1, credits: 5, waitingCalls: 1, lost: 0 });
    const { workers, windowSeconds } = await status();
    expect(workers.leasedPerSecond).toBeCloseTo(2 / windowSeconds, 0);
    expect(workers.finishedPerSecond).toBeCloseTo(workers.leasedPerSecond / 2, 5);
    expect(await (await get("/status")).text()).toMatch(
      /^Workers\n {2}sessions 1, jobs 1 of 5, waiting calls 1; leased [\d.]+\/s, finished [\d.]+\/s, lost 0 in \d+ s$/m,
    );
    session.cancel();
    cancelCall();
    await expect.poll(async () => (await status()).workers).toMatchObject(idle);
  });

  it("is text for a terminal, and for make status", async () => {
    const response = await get("/status");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const text = await response.text();
    expect(text).toMatch(/^posta: \w/);
    expect(text).toMatch(/^ {2}OK +redis-queue +for \d+ s {2}\S.*\.$/m);
    expect(text).toMatch(/Queue add, P99 +[\d.]+ ms +<= 100 ms, critical 200/);
    const { stdout } = await promisify(execFile)("make", ["--silent", "status", `ADMIN=${cluster.adminUrl}`]);
    expect(stdout).toMatch(/^posta: \w.*Redis memory/s);
    const asJson = await get("/status", { headers: { accept: "application/json" } });
    expect(asJson.headers.get("content-type")).toBe("application/json");
  });

  it("answers at once while Redis and a server hang, and says how old their figures are", async () => {
    const [stuck] = (await cluster.serverPids()) as [number];
    const pids = [redis.pid, stuck];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const took: number[] = [];
      await expect
        .poll(
          async () => {
            const begun = performance.now();
            const { checklist, processes } = await status();
            took.push(performance.now() - begun);
            const states = checklist.flatMap((item) => item.figures).map(({ id, state }) => [id, state]);
            const silent = processes.find(({ pid }) => pid === stuck)?.silentMs ?? 0;
            return { ...Object.fromEntries(states), isSilent: silent > 5000 };
          },
          { interval: 200 },
        )
        .toMatchObject({ "redis-memory-queue": "STALE", "oldest-due-job": "STALE", isSilent: true });
      // An answer that waited for a store or a server would take a second or more.
      expect(took.sort((a, b) => a - b)[Math.floor(took.length * 0.9)]).toBeLessThan(500);
      expect((await figure("redis-memory-queue"))?.ageMs).toBeGreaterThan(15_000);
      expect((await status()).state).toMatch(/STALE|CRITICAL/);
      expect(await (await get("/status")).text()).toMatch(/^ {2}DOWN +redis-queue /m);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await expect.poll(async () => (await figure("redis-memory-queue"))?.state).toBe("OK");
  });
});

describe("the page", () => {
  it("needs nothing but itself and /status", async () => {
    const response = await get("/");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
    const html = await response.text();
    expect(html.match(/(https?:)?\/\/[a-z][\w-]*\.\w+/g)).toBeNull();
    expect(html).not.toMatch(/<(link|script|img|iframe)[^>]+(src|href)="(?!data:)/);
    expect(html).not.toMatch(/@import|url\(/);
    expect([...html.matchAll(/fetch\("([^"]+)"/g)].map(([, url]) => url)).toEqual(["/status?format=json"]);
    expect(html).toContain('name="viewport"');
    expect(html).toContain("prefers-color-scheme: dark");
    expect(html).toContain('lang="en"');
  });

  it("is drawn with the status, whatever queues are called", async () => {
    await addJob("</script><b>bold");
    await expect.poll(async () => (await status()).queues.map(({ name }) => name)).toContain("</script><b>bold");
    const html = await (await get("/")).text();
    expect(html).not.toContain("<b>bold");
    const [, json] = /<script id="first" type="application\/json">(.*?)<\/script>/s.exec(html) ?? [];
    expect(JSON.parse(json as string)).toMatchObject({ health: { servers: expect.any(Array) } });
  });
});

describe("/log-level", () => {
  const post = (level: string, headers: Record<string, string> = {}) =>
    get(`/log-level?level=${level}`, { method: "POST", headers });

  it("is read, and refuses what is none and who is a stranger", async () => {
    expect(await (await get("/log-level")).text()).toBe("info\n");
    const wrong = await post("loud");
    expect([wrong.status, await wrong.text()]).toEqual([
      400,
      'level: "loud" is none of debug, info, warn, error, silent\n',
    ]);
    const large = await get("/log-level", { method: "POST", body: "x".repeat((4 << 20) + 1) });
    expect([large.status, await large.text()]).toEqual([413, "the request is over 4194304 bytes\n"]);
    expect((await post("debug", { origin: "http://evil.example" })).status).toBe(403);
    expect((await post("debug", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect(await (await get("/log-level")).text()).toBe("info\n");
  });

  it("changes all processes, and those that come later", async () => {
    expect(await (await post("debug")).text()).toBe("debug\n");
    const [old] = (await cluster.serverPids()) as [number];
    await redis.kill();
    const debugPids = () =>
      new Set(
        [...cluster.output().matchAll(/"level":20,"time":\d+,"role":"\w+","pid":(\d+)/g)].map(([, pid]) => Number(pid)),
      );
    const pids = async () => (await status()).processes.map(({ pid }) => pid as number);
    await expect.poll(async () => (await pids()).every((pid) => debugPids().has(pid))).toBe(true);
    process.kill(old, "SIGKILL");
    await expect.poll(() => cluster.serverPids()).not.toContain(old);
    await expect
      .poll(async () => {
        const all = await cluster.serverPids();
        return all.length === 2 && all.every((pid) => debugPids().has(pid));
      })
      .toBe(true);
  });
});
