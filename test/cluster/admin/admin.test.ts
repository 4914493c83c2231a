import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRaw } from "../../http/client.js";
import { TestClient } from "../../support/client.js";
import { startCluster, type TestCluster } from "../../support/posta.js";
import { startRedis, type TestRedis } from "../../support/redis.js";

let redis: TestRedis;
let cluster: TestCluster;
const clients: TestClient[] = [];

beforeAll(async () => {
  redis = await startRedis();
  cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: redis.url,
    POSTA_METRICS_INTERVAL: "100ms",
    POSTA_LOG_LEVEL: "error",
    POSTA_ADMIN_HOSTS: "posta.monitoring.svc, Status.Example",
  });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await cluster?.stop();
  await redis?.stop();
});

const get = (path: string, init?: RequestInit) => fetch(`${cluster.adminUrl}${path}`, init);
const scrape = async () => (await get("/metrics")).text();

/** The values of a metric's samples that have all these labels. */
function samples(text: string, name: string, labels: Record<string, string> = {}): number[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
    .map((line) => Number(line.slice(line.lastIndexOf(" "))));
}

const addJob = { grpc_service: "posta.queue.v1.QueueService", grpc_method: "AddJob", grpc_code: "OK" };

/** The figure of one sample that must be there once. */
function only(text: string, name: string, labels: Record<string, string> = {}): number {
  const found = samples(text, name, labels);
  expect(found).toHaveLength(1);
  return found[0] as number;
}

/** Adds jobs, each time over connections of its own, and so on all servers. */
async function addJobs(queue: string, { connections, each }: { connections: number; each: number }): Promise<void> {
  const added = Array.from({ length: connections }, () => {
    const client = new TestClient(`127.0.0.1:${cluster.port}`);
    clients.push(client);
    return Array.from({ length: each }, () => client.queue("AddJob", { queue, job: { name: "n" } }));
  });
  await Promise.all(added.flat());
}

describe("the probes", () => {
  it("answer for a cluster that serves", async () => {
    for (const path of ["/livez", "/readyz"]) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([200, "ok\n"]);
    }
    await expect.poll(async () => (await cluster.health()).status).toBe("OK");
    // The hosts were read.
    await expect.poll(async () => (await cluster.health()).checks.map(({ name }) => name)).toContain("settings");
    const health = await get("/healthz");
    expect(health.headers.get("content-type")).toBe("application/json");
    const pid = expect.any(Number);
    const servers = [
      { pid, serving: true },
      { pid, serving: true },
    ];
    const deliveries = [{ pid, serving: true }];
    const { checks, ...rest } = (await health.json()) as { checks: { name: string }[] };
    expect(rest).toEqual({ status: "OK", servers, deliveries, restarts: expect.any(Number) });
    const names = [
      "redis-queue",
      "redis-analytics",
      "postgres",
      "queue",
      "delivery",
      "settings",
      "memory",
      "event-loop",
    ];
    expect(checks.map(({ name }) => name)).toEqual(names);
  });

  it("refuse what is not there, and what is no reading", async () => {
    expect((await get("/nothing")).status).toBe(404);
    expect((await get("/status/")).status).toBe(404);
    expect((await get("/constructor")).status).toBe(404);
    expect((await get("/metrics", { method: "POST" })).status).toBe(405);
    expect((await get("/livez", { method: "HEAD" })).status).toBe(200);
    expect((await get("/livez?verbose")).status).toBe(200);
  });
});

describe("a browser on a machine that reaches the port", () => {
  const pages = ["/", "/status", "/metrics", "/healthz", "/log-level", "/queues/"];
  const probes = ["/livez", "/readyz"];
  /** fetch would not let a Host be given. */
  const ask = (path: string, headers: Record<string, string>, method = "GET") =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const asked = request(`${cluster.adminUrl}${path}`, { headers, method }, (answer) => {
        let text = "";
        answer.on("data", (chunk) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode, text }));
      });
      asked.on("error", reject).end();
    });
  const statusOf = async (...given: Parameters<typeof ask>) => (await ask(...given)).status;
  const foreign = { "sec-fetch-site": "cross-site" };
  const link = { ...foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

  it.each(pages)("cannot give its own name to %s", async (path) => {
    const { status, text } = await ask(path, { host: "evil.example:9464" });
    expect([status, text]).toEqual([
      403,
      expect.stringMatching(/^refused: "evil.example:9464" .*POSTA_ADMIN_HOSTS\n$/),
    ]);
    for (const host of ["127.0.0.1.evil.example", "localhost.evil.example:9464", "evil.example:80:127.0.0.1"]) {
      expect(await statusOf(path, { host })).toBe(403);
    }
  });

  it.each(pages)("may ask %s under an IP address, localhost and the names of POSTA_ADMIN_HOSTS", async (path) => {
    for (const host of [
      "10.1.2.3:9464",
      "[fd00::1]:9464",
      "localhost",
      "posta.monitoring.svc:9464",
      "status.example",
    ]) {
      expect(await statusOf(path, { host })).toBe(200);
    }
  });

  it.each(pages)("cannot read %s for a page of another site, but may follow its link", async (path) => {
    expect(await statusOf(path, foreign)).toBe(403);
    expect(await statusOf(path, { ...foreign, "sec-fetch-site": "same-site" })).toBe(403);
    expect(await statusOf(path, { origin: "http://evil.example" })).toBe(403);
    expect(await statusOf(path, { ...link, "sec-fetch-dest": "iframe" })).toBe(403);
    expect(await statusOf(path, link)).toBe(200);
    expect(await statusOf(path, { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" })).toBe(200);
  });

  it("cannot change the log's level for a page of another site, nor by a form that opens the answer", async () => {
    for (const headers of [foreign, link, { origin: "http://evil.example" }, { origin: "null" }]) {
      expect(await statusOf("/log-level?level=debug", headers, "POST")).toBe(403);
    }
    expect((await ask("/log-level", {})).text).toBe("error\n");
    expect(await statusOf("/log-level?level=error", { origin: cluster.adminUrl }, "POST")).toBe(200);
    const proxied = { host: "status.example", origin: "https://status.example" };
    expect(await statusOf("/log-level?level=error", proxied, "POST")).toBe(200);
  });

  it.each(probes)("may ask %s by any name, as a load balancer does", async (path) => {
    expect(await statusOf(path, { host: "lb.example" })).toBe(200);
    expect(await statusOf(path, foreign)).toBe(200);
  });

  it("is no browser without a Host: that is answered", async () => {
    const { received, closed, socket } = await openRaw(cluster.adminUrl);
    socket.write("GET /healthz HTTP/1.0\r\n\r\n");
    await closed;
    expect(received()).toMatch(/^HTTP\/1.1 (200|503) .*"status"/s);
  });
});

describe("/metrics", () => {
  it("adds up what all servers counted", async () => {
    await addJobs("merged", { connections: 6, each: 50 });
    const response = await get("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(only(text, "grpc_server_handled_total", addJob)).toBe(300);
    const { grpc_code, ...method } = addJob;
    expect(only(text, "grpc_server_started_total", method)).toBe(300);
    expect(only(text, "grpc_server_handling_seconds_count", addJob)).toBe(300);
    expect(only(text, "grpc_server_handling_seconds_bucket", { ...addJob, le: "+Inf" })).toBe(300);
    expect(only(text, "posta_servers_serving")).toBe(2);
    expect([only(text, "posta_servers"), only(text, "posta_deliveries")]).toEqual([2, 1]);
  });

  it("shows each queue once, whatever the number of servers", async () => {
    await addJobs("shown", { connections: 2, each: 5 });
    const waiting = { queue: "shown", state: "waiting" };
    await expect.poll(async () => samples(await scrape(), "posta_queue_jobs", waiting)).toEqual([10]);
    const text = await scrape();
    for (const state of ["active", "delayed", "prioritized", "completed", "failed"]) {
      expect(only(text, "posta_queue_jobs", { queue: "shown", state })).toBe(0);
    }
    const age = only(text, "posta_queue_oldest_due_age_seconds", { queue: "shown" });
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(60);
    expect(only(text, "posta_queue_paused", { queue: "shown" })).toBe(0);
    expect(only(text, "posta_queue_added_total", { queue: "shown" })).toBe(10);
  });

  it("shows the stores as the processes find them, and batches", async () => {
    await addJobs("batched", { connections: 2, each: 20 });
    const text = await scrape();
    for (const store of ["redis-queue", "redis-analytics", "postgres"]) {
      expect(only(text, "posta_store_up", { store })).toBe(1);
      expect(only(text, "posta_store_round_trip_seconds_count", { store })).toBeGreaterThan(0);
    }
    expect(only(text, "posta_postgres_pool_connections", { state: "max" })).toBeGreaterThan(0);
    expect(only(text, "posta_queue_batch_size_sum")).toBeGreaterThanOrEqual(40);
    const batches = only(text, "posta_queue_batch_size_count");
    expect(only(text, "posta_queue_batch_write_seconds_count")).toBe(batches);
    expect(only(text, "posta_queue_batch_wait_seconds_count")).toBe(batches);
  });

  it("is answered in time with a server that hangs, whose last figures stand in for it", async () => {
    const before = only(await scrape(), "grpc_server_handled_total", addJob);
    const [stuck] = (await cluster.serverPids()) as [number];
    process.kill(stuck, "SIGSTOP");
    try {
      const begun = Date.now();
      const text = await scrape();
      expect(Date.now() - begun).toBeLessThan(4000); // prom-client alone would wait for 5 s, and fail.
      expect(only(text, "grpc_server_handled_total", addJob)).toBe(before);
      expect(only(text, "posta_processes_silent")).toBe(1);
    } finally {
      process.kill(stuck, "SIGCONT");
    }
  });

  it("lets no counter fall when a server is killed", async () => {
    const before = only(await scrape(), "grpc_server_handled_total", addJob);
    const [victim] = (await cluster.serverPids()) as [number];
    process.kill(victim, "SIGKILL");
    await expect.poll(() => cluster.serverPids(), { interval: 20 }).not.toContain(victim);
    expect((await cluster.health()).status).toBe("DEGRADED"); // Its successor has to load its code first.
    expect(only(await scrape(), "grpc_server_handled_total", addJob)).toBe(before);
    await expect.poll(async () => only(await scrape(), "posta_servers_serving")).toBe(2);
    await addJobs("later", { connections: 4, each: 5 });
    const text = await scrape();
    expect(only(text, "grpc_server_handled_total", addJob)).toBe(before + 20);
    expect(only(text, "posta_server_restarts")).toBe(1);
  });
});

describe("processes that hang", () => {
  const serving = async (which: string) => only(await scrape(), `posta_${which}_serving`);
  const check = async (wanted: string) => (await cluster.health()).checks.find(({ name }) => name === wanted);

  it("do not count as serving: DEGRADED with one server left, DOWN and not ready with none", async () => {
    const [stuck, other] = (await cluster.serverPids()) as [number, number];
    const [delivery] = (await cluster.health()).deliveries.map(({ pid }) => pid) as [number];
    const pids = [stuck, delivery, other];
    try {
      for (const pid of [stuck, delivery]) process.kill(pid, "SIGSTOP");
      await expect.poll(() => serving("servers")).toBe(1);
      await expect.poll(() => serving("deliveries")).toBe(0);
      expect([(await get("/healthz")).status, (await get("/readyz")).status]).toEqual([200, 200]);
      expect(await cluster.health()).toMatchObject({
        status: "DEGRADED",
        servers: [
          { pid: stuck, serving: false },
          { pid: other, serving: true },
        ],
        deliveries: [{ pid: delivery, serving: false }],
      });
      expect((await check("event-loop"))?.detail).toMatch(new RegExp(`^Server ${stuck} has not been heard of`));
      expect((await check("redis-queue"))?.status).toBe("OK"); // As the other one finds it.
      process.kill(other, "SIGSTOP");
      await expect.poll(async () => (await get("/readyz")).status).toBe(503);
      expect([(await get("/healthz")).status, (await cluster.health()).status]).toEqual([503, "DOWN"]);
      expect((await check("redis-queue"))?.detail).toMatch(/^Not known: Server \d+ has not been heard of/);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await expect.poll(() => serving("servers")).toBe(2);
    await expect.poll(() => serving("deliveries")).toBe(1);
  });
});
