import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster, type TestCluster } from "../support/posta.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { post, queueService, send } from "./client.js";

let redis: TestRedis;
let cluster: TestCluster;
beforeAll(async () => {
  redis = await startRedis();
  cluster = await startCluster({ POSTA_QUEUE_REDIS_URL: redis.url });
});
afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
});

/** Adds a job on one of an agent's kept connections, and never tries again; answers the HTTP status, or the error. */
async function addJob(agent: Agent, id: string): Promise<string> {
  const options = { agent, method: "POST", headers: { "content-type": "application/json" } };
  const request = httpRequest(`${cluster.httpUrl}/${queueService}/AddJob`, options);
  request.end(JSON.stringify({ queue: "roll", job: { name: "n", options: { id } } }));
  try {
    const [response] = await once(request, "response");
    await text(response);
    return String(response.statusCode);
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`;
  }
}

describe("a cluster's HTTP port", () => {
  it("is named in the line that Posta starts with", () => {
    expect(cluster.output()).toContain(`HTTP ${new URL(cluster.httpUrl).host}`);
  });

  it("is served by all of its processes", async () => {
    const peers = new Set<string>();
    // Each failure is logged with the process that saw it.
    await expect
      .poll(async () => {
        await post(cluster.httpUrl, "GetQueue", { queue: "none" }, { connection: "close" }).catch(() => {});
        for (const [, pid] of cluster.output().matchAll(/"pid":(\d+),"requestId"/g)) peers.add(String(pid));
        return peers.size;
      })
      .toBe(2);
    expect([...peers].map(Number).sort()).toEqual((await cluster.serverPids()).sort());
  });

  it("has its calls in the merged metrics", async () => {
    const { text: metrics } = await send(`${cluster.adminUrl}/metrics`);
    expect(metrics).toMatch(/connect_server_handled_total{.*"GetQueue",connect_code="NOT_FOUND"} [1-9]/);
    expect(metrics).toMatch(/grpc_server_started_total/);
  });

  it("loses no call on kept connections in a rolling restart", async () => {
    const before = await cluster.serverPids();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const outcomes: Record<string, number> = {};
    let running = true;
    let added = 0;
    const caller = async (name: number) => {
      for (let turn = 0; running; turn += 1) {
        const outcome = await addJob(agent, `job-${name}-${turn}`);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        added += 1;
        // Idle between calls, so that some connections are at rest when their server stops.
        await sleep(name * 15);
      }
    };
    const callers = Array.from({ length: 8 }, (_, name) => caller(name));
    await expect.poll(() => added).toBeGreaterThan(50);
    cluster.process.kill("SIGHUP");
    await cluster.untilOutput(/rolling restart: done \(server processes\)/);
    const atEnd = added;
    await expect.poll(() => added).toBeGreaterThan(atEnd + 50);
    running = false;
    await Promise.all(callers);
    agent.destroy();
    expect(outcomes).toEqual({ "200": added });
    const after = await cluster.serverPids();
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    const { text: queue } = await post(cluster.httpUrl, "GetQueue", { queue: "roll" });
    expect(Number(JSON.parse(queue).queue.addedTotal)).toBe(added);
  });
});

describe("the log of HTTP calls", () => {
  /** The lines that name a request, once there is one. */
  async function linesOf(requestId: string) {
    await cluster.untilOutput(new RegExp(`"${requestId}".*\n`));
    const lines = cluster.output().split("\n");
    return lines.filter((line) => line.includes(`"${requestId}"`)).map((line) => JSON.parse(line));
  }

  it("has one line for a failed call, and none for one that went well", async () => {
    await post(cluster.httpUrl, "ListQueues", {}, { "x-request-id": "went-well" });
    await post(cluster.httpUrl, "GetJob", { queue: "roll", jobId: "none" }, { "x-request-id": "went-ill" });
    const [line, ...more] = await linesOf("went-ill");
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      level: 40,
      msg: "call failed",
      method: "/posta.queue.v1.QueueService/GetJob",
      code: "NOT_FOUND",
      details: expect.stringContaining("none"),
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    expect(line.durationMs).toBeGreaterThan(0);
    expect(cluster.output()).not.toContain("went-well");
  });

  it("has the cause of an internal error, which the caller is not told", async () => {
    const direct = new Redis({ path: redis.socket });
    await post(cluster.httpUrl, "PauseQueue", { queue: "broken" });
    await direct.set("bull:broken:delayed", "not a sorted set");
    const answer = await post(cluster.httpUrl, "GetQueue", { queue: "broken" }, { "x-request-id": "broken-1" });
    await direct.quit();
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toEqual({ code: "internal", message: "internal error" });
    const [line, ...more] = await linesOf("broken-1");
    expect(more).toEqual([]);
    expect(line).toMatchObject({ level: 50, code: "INTERNAL", err: { message: expect.stringContaining("WRONGTYPE") } });
  });
});

describe("a second cluster on the same HTTP port", () => {
  it("is refused, with the setting's name", async () => {
    const { port } = new URL(cluster.httpUrl);
    const second = await startCluster({ POSTA_QUEUE_REDIS_URL: redis.url, POSTA_HTTP_PORT: port }, { ready: false });
    expect(await second.ended).toEqual([78, null]);
    expect(second.output()).toMatch(new RegExp(`^posta: POSTA_HTTP_PORT: 127.0.0.1:${port} is taken`, "m"));
    await second.stop();
  });
});
