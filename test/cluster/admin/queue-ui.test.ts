import { request } from "node:http";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, inject, it } from "vitest";
import { TestClient } from "../../support/client.js";
import { freshPrefix, startCluster, type TestCluster } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();

/** A cluster with a queue of two jobs. */
async function setup(env: Record<string, string> = {}) {
  const prefix = freshPrefix();
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_QUEUE_PREFIX: prefix,
    POSTA_SERVERS: "1",
    ...env,
  });
  releases.push(() => cluster.stop());
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  for (const id of ["one", "two"]) {
    await client.queue("AddJob", { queue: "emails", job: { name: "welcome", dataJson: '{"a":1}', options: { id } } });
  }
  const get = (path: string, init?: RequestInit) => fetch(`${cluster.adminUrl}${path}`, init);
  const pause = (headers: Record<string, string> = {}) =>
    get("/queues/api/queues/emails/pause", { method: "PUT", headers });
  const isPaused = async () => (await client.queue("GetQueue", { queue: "emails" })).queue.paused;
  return { cluster, client, prefix, get, pause, isPaused };
}

/** fetch would not let a Host be given. */
function statusWithHost({ adminUrl }: TestCluster, host: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${adminUrl}${path}`, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("error", reject).end();
  });
}

describe("the queue UI", () => {
  it("shows queues and jobs, from files of its own only", async () => {
    const { get } = await setup();
    const page = await (await get("/queues")).text();
    expect(page).toContain('<base href="/queues/" />');
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toContain("<%");
    const files = [...page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, file]) => file as string);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await get(`/queues/${file}`)).status).toBe(200);
    const { queues } = (await (await get("/queues/api/queues?activeQueue=emails")).json()) as never as {
      queues: { name: string; readOnlyMode: boolean; jobs: { id: string; data: object }[] }[];
    };
    expect(queues).toMatchObject([{ name: "emails", readOnlyMode: true }]);
    expect(queues[0]?.jobs.map(({ id }) => id).sort()).toEqual(["one", "two"]);
    const job = (await (await get("/queues/api/queues/emails/one")).json()) as { job: { data: object } };
    expect(job.job.data).toEqual({ a: 1 });
    expect((await get("/queues/queue/emails")).headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  it("shows the other jobs, whatever one holds, and says what it leaves out", async () => {
    const { get, cluster, prefix } = await setup();
    const redis = new Redis(inject("redisUrl").replace("unix://", ""));
    releases.push(() => redis.disconnect());
    const deep = "[".repeat(20_000) + "]".repeat(20_000);
    const odd: Record<string, Record<string, string>> = {
      deep: { data: deep, returnvalue: deep, progress: deep },
      broken: { data: "{", returnvalue: "}", progress: "x", opts: "{", parent: "{" },
      several: { data: "1,2", returnvalue: '{"a":1},{"b":2}', progress: "1,2" },
      blank: { data: "  ", returnvalue: " ", progress: "  " },
      empty: { data: "", returnvalue: "", progress: "" },
      options: { opts: `{"backoff":${deep},"attempts":2}`, parent: deep },
      listed: { opts: "[1]", parent: "[1]", stacktrace: '{"a":1}' },
      traces: { stacktrace: `[${deep},"trace",null]` },
      large: { data: JSON.stringify("x".repeat(300_000)), failedReason: "y".repeat(300_000) },
    };
    for (const [id, fields] of Object.entries(odd)) {
      await redis.hset(`${prefix}:emails:${id}`, { name: "odd", timestamp: Date.now(), ...fields });
    }
    await redis.set(`${prefix}:emails:string`, "no job");
    await redis.lpush(`${prefix}:emails:wait`, "string", ...Object.keys(odd));
    const list = await get("/queues/api/queues?activeQueue=emails&status=waiting&jobsPerPage=50");
    expect(list.status).toBe(200);
    const { queues } = (await list.json()) as { queues: { jobs: { id: string; data: unknown }[] }[] };
    const jobs = new Map(queues[0]?.jobs.map((job) => [job.id, job.data]));
    expect([...jobs.keys()].toSorted()).toEqual([...Object.keys(odd), "one", "two"].toSorted());
    expect(jobs.get("one")).toEqual({ a: 1 });
    expect(jobs.get("deep")).toBe("(no JSON, or nested deeply: GetJob shows it as it is)");
    expect(jobs.get("several")).toBe(jobs.get("deep"));
    expect(jobs.get("blank")).toBe(jobs.get("deep"));
    expect(jobs.get("empty")).toEqual({});
    expect(jobs.get("large")).toBe("(300002 characters: GetJob shows it as it is)");
    for (const id of Object.keys(odd)) expect((await get(`/queues/api/queues/emails/${id}`)).status, id).toBe(200);
    expect((await get("/queues/api/queues/emails/string")).status).toBe(404);
    expect(cluster.output()).not.toContain("could not answer");
  });

  it("shows the workers of both kinds, and which queue has none", async () => {
    const { get, client, prefix } = await setup();
    for (const queue of ["called", "nobody"]) await client.queue("AddJob", { queue, job: { name: "n" } });
    const session = client.stream("posta.queue.v1.WorkerService", "Work");
    session.on("error", () => {}); // It is cancelled.
    session.on("data", () => {});
    const credits = [{ queue: "emails", maxInFlight: 10 }];
    session.write({ hello: { worker: "remote:w:1", version: "mailer 1.4.2", credits } });
    await client.worker("LeaseJobs", { queue: "called", worker: "caller" });
    const connection = { path: inject("redisUrl").replace("unix://", ""), maxRetriesPerRequest: null };
    const worker = new Worker("emails", undefined, { connection, prefix, name: "own" });
    releases.push(() => worker.close());
    const workersOf = async (queue: string) => {
      const answer = await get(`/queues/api/queues/${queue}/workers`);
      const { workers } = (await answer.json()) as { workers: { name: string; addr: string; age: number }[] };
      return workers.map(({ name, addr }) => [name, addr]).toSorted();
    };
    await expect
      .poll(() => workersOf("emails"), { interval: 200 })
      .toEqual([
        ["own", expect.any(String)],
        ["remote:w:1", "mailer 1.4.2, Posta session, 2 of 10 jobs"],
      ]);
    await expect.poll(() => workersOf("called"), { interval: 200 }).toEqual([["caller", "Posta calls"]]);
    expect(await workersOf("nobody")).toEqual([]);
    const { queues } = (await (await get("/queues/api/queues")).json()) as {
      queues: { name: string; hasWorkers: boolean }[];
    };
    const has = Object.fromEntries(queues.map(({ name, hasWorkers }) => [name, hasWorkers]));
    expect(has).toMatchObject({ called: true, emails: true, nobody: false });
    session.cancel();
    await worker.close();
    await expect.poll(() => workersOf("emails"), { interval: 200 }).toEqual([]);
  });

  it("changes nothing, unless it is told that it may", async () => {
    const { get, pause, isPaused } = await setup();
    const refused = await pause();
    expect([refused.status, await refused.text()]).toEqual([405, expect.stringContaining("POSTA_QUEUE_UI_WRITE=1")]);
    expect((await get("/queues/api/queues/emails/one/clean", { method: "PUT" })).status).toBe(405);
    expect((await get("/queues/api/queues/emails/add", { method: "POST", body: "{}" })).status).toBe(405);
    expect(await isPaused()).toBe(false);
  });

  it("changes queues with POSTA_QUEUE_UI_WRITE=1, but for no other site", async () => {
    const { cluster, pause, isPaused } = await setup({ POSTA_QUEUE_UI_WRITE: "1" });
    expect((await pause({ origin: "http://evil.example" })).status).toBe(403);
    expect((await pause({ origin: "null" })).status).toBe(403);
    expect((await pause({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect(await isPaused()).toBe(false);
    expect((await pause({ origin: cluster.adminUrl })).status).toBe(200);
    expect(await isPaused()).toBe(true);
  });

  it("cleans and obliterates as the contract does", async () => {
    const { client, get, isPaused, prefix } = await setup({ POSTA_QUEUE_UI_WRITE: "1" });
    const redis = new Redis(inject("redisUrl").replace("unix://", ""));
    releases.push(() => redis.disconnect());
    const key = (part: string) => `${prefix}:emails:${part}`;
    // Old, and behind more younger jobs than BullMQ's own clean would look at.
    const ids = Array.from({ length: 10_001 }, (_, index) => `later-${index}`);
    const young = redis.pipeline();
    for (const [index, id] of ids.entries()) {
      young.hset(key(id), "name", "n", "timestamp", index === 10_000 ? 1 : Date.now() + 60_000);
      young.zadd(key("delayed"), index + 1, id);
    }
    await young.exec();
    const put = (path: string) => get(`/queues/api/queues/emails/${path}`, { method: "PUT", body: "{}" });
    expect((await put("clean/delayed")).status).toBe(200);
    expect((await client.queue("GetQueue", { queue: "emails" })).queue.counts.delayed).toBe(10_000);
    await redis.set(key("de:lost"), "gone");
    expect((await put("pause")).status).toBe(200);
    expect(await isPaused()).toBe(true);
    expect((await put("obliterate")).status).toBe(200);
    expect(await redis.keys(key("*"))).toEqual([]);
  });

  it("shows nothing under a name that is not this machine's", async () => {
    const { cluster } = await setup();
    const path = "/queues/api/queues";
    expect(await statusWithHost(cluster, "evil.example:9464", path)).toBe(403);
    expect(await statusWithHost(cluster, "localhost.evil.example", path)).toBe(403);
    expect(await statusWithHost(cluster, "localhost:9464", path)).toBe(200);
    expect(await statusWithHost(cluster, "[::1]:9464", path)).toBe(200);
  });

  it("hands out no other files", async () => {
    const { cluster } = await setup();
    for (const path of ["../index.ejs", "..%2findex.ejs", "js/../../index.ejs", "nothing.js", "js"]) {
      expect(await statusWithHost(cluster, "localhost", `/queues/static/${path}`)).toBe(404);
    }
  });

  it("says so when Redis is gone, and is there again with it", async () => {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const { get } = await setup({ POSTA_QUEUE_REDIS_URL: redis.url });
    await redis.kill();
    await expect.poll(async () => (await get("/queues/api/queues")).status).toBe(503);
    await redis.restart();
    await expect.poll(async () => (await get("/queues/api/queues")).status).toBe(200);
  });
});
