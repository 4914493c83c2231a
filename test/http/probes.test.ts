import { describe, expect, inject, it } from "vitest";
import { analyticsService } from "../analytics/setup.js";
import { messageService } from "../message/service-setup.js";
import { startServer } from "../support/posta.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";
import { openRaw, post, queueService, rawHead, send } from "./client.js";

/** Never depends on a store. */
const workerService = "posta.queue.v1.WorkerService";
const lives = { "posta.health.v1.HealthService": "SERVING" };

const releases = useReleases();

async function setup(env: Record<string, string> = {}) {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const posta = await startServer(redis.url, env);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= posta.stop();
    return stopped;
  };
  releases.push(stop);
  await posta.serving;
  const probe = (path: string, init?: RequestInit) => send(`${posta.httpUrl}${path}`, init);
  return { redis, posta, probe, stop };
}

describe("probes of a server", () => {
  it("say that it serves, to GET and HEAD", async () => {
    const { probe } = await setup({ POSTA_DATABASE_URL: inject("postgresUrl") });
    // PostgreSQL is found a moment after Redis.
    await expect.poll(async () => (await probe("/healthz")).text).toContain('"OK"');
    expect(await probe("/livez")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await probe("/readyz?verbose")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await probe("/readyz", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
    const health = await probe("/healthz");
    expect(health.status).toBe(200);
    expect(JSON.parse(health.text)).toEqual({
      // The server alone: nothing is delivered.
      status: "DEGRADED",
      checks: expect.arrayContaining([expect.objectContaining({ name: "queue", status: "OK" })]),
      services: {
        ...lives,
        [queueService]: "SERVING",
        [workerService]: "SERVING",
        [analyticsService]: "SERVING",
        [messageService]: "SERVING",
      },
    });
    expect(health.headers.get("cache-control")).toBe("no-store");
    const wrong = await probe("/readyz", { method: "POST" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("say that it lives but is not ready without its store, and calls are unavailable", async () => {
    const { redis, posta, probe } = await setup();
    const lost = posta.untilServing(false);
    await redis.kill();
    await lost;
    expect((await probe("/livez")).status).toBe(200);
    // Two are on the one Redis here, whichever says so first; and there is no PostgreSQL.
    await expect
      .poll(() => probe("/readyz"))
      .toMatchObject({
        status: 503,
        text: `not serving: ${queueService}, ${workerService}, ${analyticsService}, ${messageService}\n`,
      });
    const health = await probe("/healthz");
    expect(health.status).toBe(503);
    expect(JSON.parse(health.text)).toEqual({
      status: "DOWN",
      checks: expect.arrayContaining([expect.objectContaining({ name: "queue", status: "DOWN" })]),
      services: {
        ...lives,
        [queueService]: "NOT_SERVING",
        [workerService]: "NOT_SERVING",
        [analyticsService]: "NOT_SERVING",
        [messageService]: "NOT_SERVING",
      },
    });
    const answer = await post(posta.httpUrl, "AddJob", { queue: "q", job: { name: "n" } });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: "unavailable",
      details: [{ type: "google.rpc.RetryInfo", debug: { retryDelay: expect.stringMatching(/^[\d.]+s$/) } }],
    });
    const back = posta.untilServing(true);
    await redis.restart();
    await back;
    expect((await probe("/readyz")).status).toBe(200);
  });
});

describe("a server that stops", () => {
  const body = JSON.stringify({ queue: "drain", job: { name: "n" } });
  const head = rawHead("AddJob", body.length);
  const started = async (posta: Awaited<ReturnType<typeof startServer>>) =>
    Number(/connect_server_started_total{.*"AddJob"} (\d+)/.exec(await posta.metrics.metrics())?.[1]);

  it("says so, finishes the call in flight, and closes each connection with its answer", async () => {
    const { posta, stop } = await setup();
    const inFlight = await openRaw(posta.httpUrl);
    inFlight.socket.write(head + body.slice(0, 5));
    const known = await openRaw(posta.httpUrl);
    known.socket.write(head + body);
    await expect.poll(known.received).toMatch(/^HTTP\/1.1 200 /);
    const prober = await openRaw(posta.httpUrl);
    const unused = await openRaw(posta.httpUrl);
    await expect.poll(() => started(posta)).toBe(2);
    let stopped = false;
    const stopping = stop().then(() => {
      stopped = true;
    });
    prober.socket.write("GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n");
    await prober.closed;
    expect(prober.received()).toMatch(/^HTTP\/1.1 503 .*connection: close/is);
    await expect(openRaw(posta.httpUrl)).rejects.toThrow("ECONNREFUSED");
    // A call on a connection that was idle when the stop came is answered too.
    const before = known.received().length;
    known.socket.write(head + body);
    await known.closed;
    expect(known.received().slice(before)).toMatch(/^HTTP\/1.1 200 .*connection: close.*OUTCOME_ADDED/is);
    // The call may also last longer than idle connections do.
    await unused.closed;
    expect(stopped).toBe(false);
    inFlight.socket.write(body.slice(5));
    await inFlight.closed;
    expect(inFlight.received()).toMatch(/^HTTP\/1.1 200 .*connection: close.*OUTCOME_ADDED/is);
    await stopping;
  });

  it("closes idle connections, used or not, and waits no longer", async () => {
    const { posta, stop } = await setup();
    const unused = await openRaw(posta.httpUrl);
    const used = await openRaw(posta.httpUrl);
    used.socket.write(head + body);
    await expect.poll(used.received).toMatch(/^HTTP\/1.1 200 /);
    const begun = performance.now();
    await Promise.all([stop(), unused.closed, used.closed]);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it("cuts what is left after the drain time-out", async () => {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const posta = await startServer(redis.url, { POSTA_DRAIN_TIMEOUT: "300ms" });
    await posta.serving;
    const endless = await openRaw(posta.httpUrl);
    endless.socket.write(head);
    await expect.poll(() => started(posta)).toBe(1);
    await posta.stop();
    await endless.closed;
    expect(endless.received()).toBe("");
  });
});
