import { expect, inject, it } from "vitest";
import { readConfig } from "../../src/config/config.js";
import { TestClient } from "../support/client.js";
import { freshPrefix, startCluster } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

/** Calls on connections of their own, as a balancer makes them for new clients. */
async function addAnew(port: number): Promise<string> {
  const client = new TestClient(`127.0.0.1:${port}`);
  const answer = await client.queue("AddJob", { queue: "q", job: { name: "n" } }).finally(() => client.close());
  return answer.outcome;
}

/** 0: the port is closed. */
async function statusOf(url: string): Promise<number> {
  return fetch(url, { headers: { connection: "close" } }).then(
    ({ status }) => status,
    () => 0,
  );
}

it("says that it stops for POSTA_STOP_DELAY, and takes calls meanwhile", async () => {
  const env = { POSTA_QUEUE_REDIS_URL: inject("redisUrl"), POSTA_QUEUE_PREFIX: freshPrefix() };
  const cluster = await startCluster({ ...env, POSTA_STOP_DELAY: "5s" });
  releases.push(() => cluster.stop());
  const probes = [`${cluster.httpUrl}/readyz`, `${cluster.adminUrl}/readyz`];
  expect(await Promise.all(probes.map(statusOf))).toEqual([200, 200]);
  const begun = performance.now();
  cluster.process.kill("SIGTERM");
  await expect.poll(() => Promise.all(probes.map(statusOf)), { interval: 20 }).toEqual([503, 503]);
  for (let call = 0; call < 10; call += 1) {
    expect(await addAnew(cluster.port)).toBe("OUTCOME_ADDED");
    expect(await statusOf(`${cluster.httpUrl}/readyz`)).toBe(503);
    expect(await statusOf(`${cluster.httpUrl}/livez`)).toBe(200);
  }
  expect(await cluster.ended).toEqual([0, null]);
  expect(performance.now() - begun).toBeGreaterThan(5000);
  expect(cluster.output()).toContain("stopping: each server says NOT_SERVING for 5 s before its ports close");
});

it("has a delay only where another machine can reach it, unless it is set", () => {
  const delayOf = (env: Record<string, string>) => readConfig({ POSTA_INSECURE: "1", ...env }).stopDelayMs;
  expect(delayOf({})).toBe(0);
  expect(delayOf({ POSTA_HOST: "localhost" })).toBe(0);
  expect(delayOf({ POSTA_HOST: "0.0.0.0" })).toBe(5000);
  expect(delayOf({ POSTA_HOST: "0.0.0.0", POSTA_STOP_DELAY: "0s" })).toBe(0);
  expect(delayOf({ POSTA_STOP_DELAY: "7s" })).toBe(7000);
});
