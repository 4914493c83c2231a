import { request } from "node:http";
import { afterEach, describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.js";
import { freshPrefix, startCluster, type TestCluster } from "../support/posta.js";
import { startRedis } from "../support/redis.js";

type Release = () => unknown;
const releases: Release[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

/** A cluster with a queue of two jobs. */
async function setup(env: Record<string, string> = {}) {
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_QUEUE_PREFIX: freshPrefix(),
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
  return { cluster, client, get, pause, isPaused };
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

  it("shows nothing under a name that is not this machine's", async () => {
    const { cluster } = await setup();
    const path = "/queues/api/queues";
    expect(await statusWithHost(cluster, "evil.example:9464", path)).toBe(403);
    expect(await statusWithHost(cluster, "localhost.evil.example", path)).toBe(403);
    expect(await statusWithHost(cluster, "localhost:9464", path)).toBe(200);
    expect(await statusWithHost(cluster, "[::1]:9464", path)).toBe(200);
    // What Prometheus asks is no secret, and it may come by any name.
    expect(await statusWithHost(cluster, "posta.default.svc:9464", "/metrics")).toBe(200);
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
