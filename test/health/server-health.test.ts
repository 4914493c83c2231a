import { EventEmitter } from "node:events";
import { expect, it, onTestFinished, vi } from "vitest";
import { type ClusterFacts, ServerHealth, type Watched } from "../../src/health/server-health.js";

/** A store that is there. */
const store = () => Object.assign(new EventEmitter(), { usable: true, isLost: false, refusal: undefined }) as never;
const stores: Watched = {
  queueRedis: store(),
  analyticsRedis: store(),
  postgres: store(),
  canAdd: () => true,
  deliveryKey: "key",
  further: [],
};
const facts: ClusterFacts = {
  backlog: undefined,
  checks: [{ name: "disk", status: "OK", since: 0, detail: "5.0 GiB are free." }],
};

it("tells what its primary found, and that it is not known any more once that is silent", () => {
  vi.useFakeTimers({ toFake: ["performance", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const health = new ServerHealth(stores);
  const disk = () => health.report().checks.find(({ name }) => name === "disk");
  expect(disk()).toBeUndefined();
  health.hear(facts);
  expect(disk()).toEqual(facts.checks[0]);
  const heardAt = Date.now();
  vi.advanceTimersByTime(4999);
  expect(disk()).toEqual(facts.checks[0]);
  vi.advanceTimersByTime(2001);
  expect(disk()).toMatchObject({ status: "DEGRADED", since: heardAt, detail: expect.stringContaining("for 7 s") });
  health.hear(facts);
  expect(disk()).toEqual(facts.checks[0]);
});
