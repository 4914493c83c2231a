import { afterAll, beforeAll, expect, it } from "vitest";
import { UniquesMerger } from "../../../src/analytics/hot/uniques.js";
import { createFixture, type Fixture } from "../fixture.js";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ watermark: 473_000 });
});
afterAll(() => fixture.stop());

it("unions more subjects than fit into one call, and leaves nothing in Redis", async () => {
  const merger = new UniquesMerger(fixture.redis, fixture.keys);
  const subjects = Array.from({ length: 130_000 }, (_, index) => `subject-${index}`);
  const { hll } = await merger.union([{ subjects }], 1000);
  expect(hll).toBeDefined();
  const count = await merger.count([{ hll: hll as Buffer }, { subjects: subjects.slice(0, 90_000) }], []);
  // Three standard errors of Redis' HyperLogLog.
  expect(Math.abs(count / subjects.length - 1)).toBeLessThan(0.0243);
  expect(await fixture.redis.client.exists(fixture.keys.scratch("merged"), fixture.keys.scratch("given"))).toBe(0);
});

it("leaves what a failed union made to expire", async () => {
  const [merger, odd] = [new UniquesMerger(fixture.redis, fixture.keys), Buffer.from("no HyperLogLog")];
  await expect(merger.union([{ hll: odd }, { subjects: ["ada"] }], 1000)).rejects.toThrow();
  for (const key of ["merged", "given"]) {
    expect(await fixture.redis.client.ttl(fixture.keys.scratch(key)), key).toBeGreaterThan(0);
  }
});
