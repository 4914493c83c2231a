import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cache, historyLifetimes, hotLifetimes } from "../../../src/analytics/read/cache.js";
import { startRedis, type TestRedis } from "../../support/redis.js";
import { createFixture, type Fixture } from "../fixture.js";

let redis: TestRedis;
let fixture: Fixture;
beforeAll(async () => {
  redis = await startRedis();
  fixture = await createFixture({ watermark: 480_000, redisUrl: redis.url });
});
afterAll(async () => {
  await fixture?.stop();
  await redis?.stop();
});

/** The cache of one process, and a source that counts how often it is asked. */
async function open(source = createSource()) {
  const { keys, now, openProcess } = fixture;
  const metrics = new Registry();
  const cache = new Cache((await openProcess()).redis, keys, metrics, now);
  return { cache, source, metrics };
}

function createSource(answerMs = 0) {
  const source = {
    asked: 0,
    /** Questions that wait for an answer now, and the most that did at a time. */
    open: 0,
    mostOpen: 0,
    fail: false,
    async load() {
      source.asked += 1;
      const answer = { number: source.asked };
      source.open += 1;
      source.mostOpen = Math.max(source.mostOpen, source.open);
      await sleep(answerMs);
      source.open -= 1;
      if (source.fail) throw new Error("the source failed");
      return answer;
    },
  };
  return source;
}

const sharedKeys = async () =>
  (await fixture.redis.client.keys(`${fixture.keys.prefix}:cache:*`)).filter((name) => !/lease/.test(name));

async function requests(metrics: Registry): Promise<Record<string, number>> {
  const values = (await metrics.getSingleMetric("posta_analytics_cache_requests_total")?.get())?.values ?? [];
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.level} ${labels.result}`, value]));
}

describe("a result", () => {
  it("of hot hours lives a second from when it was asked for, and in the process only", async () => {
    const { cache, source, metrics } = await open();
    const get = () => cache.get(["hot"], hotLifetimes, source.load);
    await get();
    fixture.clock.now += 999;
    expect(await get()).toEqual({ number: 1 });
    fixture.clock.now += 2;
    expect(await get()).toEqual({ number: 2 });
    expect(await requests(metrics)).toEqual({ "local hit": 1, "local miss": 2 });
  });

  it("is not kept longer for having taken long", async () => {
    const { cache, source } = await open();
    const get = () =>
      cache.get(["slow"], hotLifetimes, () => {
        if (source.asked === 0) fixture.clock.now += 900;
        return source.load();
      });
    await get();
    fixture.clock.now += 99;
    expect(await get()).toEqual({ number: 1 });
    fixture.clock.now += 2;
    expect(await get()).toEqual({ number: 2 });
  });

  it("of the history is shared with other processes, and lives an hour there and five minutes here", async () => {
    const [one, other] = [await open(), await open()];
    const get = ({ cache, source }: typeof one) => cache.get(["old"], historyLifetimes, source.load);
    await get(one);
    expect(await get(other)).toEqual({ number: 1 });
    expect(other.source.asked).toBe(0);
    fixture.clock.now += 5 * 60_000 + 1;
    await get(other);
    expect(await requests(other.metrics)).toEqual({ "local miss": 2, "shared hit": 2 });
    const [key] = await sharedKeys();
    const ttl = await fixture.redis.client.pttl(key as string);
    expect(ttl).toBeGreaterThan(3_590_000);
    expect(ttl).toBeLessThanOrEqual(3_600_000);
  });

  it("of hot hours is not shared with who asks when it is too old, though it is still on its way", async () => {
    const { cache } = await open();
    const answers: ((answer: object) => void)[] = [];
    const get = () =>
      cache.get(["slow source"], hotLifetimes, () => new Promise<object>((resolve) => answers.push(resolve)));
    const first = get();
    fixture.clock.now += 999;
    const second = get();
    fixture.clock.now += 2;
    const third = get();
    expect(answers).toHaveLength(2);
    answers[1]?.({ number: 2 });
    answers[0]?.({ number: 1 });
    expect(await Promise.all([first, second, third])).toEqual([{ number: 1 }, { number: 1 }, { number: 2 }]);
  });

  it("takes its share of a bounded room in Redis, or none if it is large", async () => {
    const { cache } = await open();
    const { client } = fixture.redis;
    const questions = Array.from({ length: 3000 }, (_, index) => ["many", index]);
    await Promise.all(questions.map((question) => cache.get(question, historyLifetimes, async () => ({ question }))));
    const keys = await sharedKeys();
    expect(keys.length).toBeLessThanOrEqual(1024);
    expect(keys.length).toBeGreaterThan(900);
    const other = (await open()).cache;
    for (const question of questions.slice(0, 50)) {
      expect(await other.get(question, historyLifetimes, async () => ({ question }))).toEqual({ question });
    }
    await client.del(keys);
    const source = createSource(500);
    const large = async () => ({ ...(await source.load()), text: "x".repeat(40_000) });
    await cache.get(["large"], historyLifetimes, large);
    const [place = ""] = await sharedKeys();
    expect(await client.strlen(place)).toBeLessThan(100);
    // Nobody waits for what will not come.
    const others = await Promise.all([open(source), open(source), open(source)]);
    await Promise.all(others.map((one) => one.cache.get(["large"], historyLifetimes, large)));
    expect(source.mostOpen).toBe(3);
  });

  it("that failed is not kept", async () => {
    const { cache, source } = await open();
    source.fail = true;
    await expect(cache.get(["bad"], historyLifetimes, source.load)).rejects.toThrow("the source failed");
    source.fail = false;
    expect(await cache.get(["bad"], historyLifetimes, source.load)).toEqual({ number: 2 });
  });
});

describe("a stampede", () => {
  it("makes one question to the source, in one process and across several", async () => {
    // Longer than a lease lasts that is not kept.
    const source = createSource(1500);
    const caches = await Promise.all([open(source), open(source), open(source)]);
    const question = ["rush", performance.now()];
    const calls = caches.flatMap(({ cache }) =>
      Array.from({ length: 200 }, () => cache.get(question, historyLifetimes, source.load)),
    );
    expect(new Set(await Promise.all(calls))).toHaveLength(3);
    expect(source.asked).toBe(1);
  });

  it("waits no longer than a second for a process that died with the lease", async () => {
    const source = createSource();
    const { cache } = await open(source);
    const { client } = fixture.redis;
    const begun = performance.now();
    // The lease of another, which is not kept any more.
    const key = createHash("sha1")
      .update(JSON.stringify(["dead"]))
      .digest("base64url");
    const held = fixture.keys.cache(`${key}:lease`);
    await client.set(held, "the dead one's", "PX", 1000);
    expect(await cache.get(["dead"], historyLifetimes, source.load)).toEqual({ number: 1 });
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it("asks the source in each process while Redis is down, at once", async () => {
    const source = createSource(20);
    const caches = await Promise.all([open(source), open(source)]);
    await redis.kill();
    const begun = performance.now();
    const calls = caches.flatMap(({ cache }) =>
      Array.from({ length: 50 }, () => cache.get(["down"], historyLifetimes, source.load)),
    );
    await Promise.all(calls);
    expect(source.asked).toBe(2);
    expect(performance.now() - begun).toBeLessThan(1000); // The time that a lease is waited for.
    await redis.restart();
  });
});
