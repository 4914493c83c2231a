import { beforeEach, expect, it } from "vitest";
import { Watermark } from "../../../src/analytics/history/watermark.js";
import { startRedis, type TestRedis } from "../../support/redis.js";
import { createFixture, type Fixture } from "../fixture.js";

const first = 470_000;

let redis: TestRedis;
let fixture: Fixture;
beforeEach(async () => {
  redis = await startRedis();
  fixture = await createFixture({ watermark: first, redisUrl: redis.url });
  return async () => {
    await fixture.stop();
    await redis.stop();
  };
});

function open(): Watermark {
  return new Watermark(fixture.redis, fixture.postgres, fixture.keys, fixture.now);
}

it("is that of the history where Redis has no mirror of it", async () => {
  expect(await open().get()).toBe(first);
});

it("goes on to be used for an hour while neither store can be read, and no longer", async () => {
  await fixture.redis.client.set(fixture.keys.rolled, first + 1);
  const watermark = open();
  expect(await watermark.get()).toBe(first + 1);
  await fixture.postgres.close();
  await redis.kill();
  fixture.clock.now += 3_600_000;
  expect(await watermark.get()).toBe(first + 1);
  fixture.clock.now += 1;
  await expect(watermark.get()).rejects.toMatchObject({ code: "unavailable" });
  await redis.restart();
});
