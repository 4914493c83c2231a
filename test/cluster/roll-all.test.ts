import { expect, it } from "vitest";
import { createRoll } from "../../cluster/supervise/roll.js";
import { createLog } from "../../src/telemetry/log/log.js";

/** Stands for the supervisor of so many processes that serve. */
function stub(servingCount: number, roll: () => Promise<void>) {
  return { servingCount, roll };
}

it("a rolling restart that fails by itself ends nothing, and another one can follow", async () => {
  let rolls = 0;
  const servers = stub(1, async () => {
    rolls += 1;
    throw new Error("no process can be started");
  });
  const roll = createRoll(
    servers,
    stub(0, async () => {}),
    createLog("test", "silent"),
  );
  await roll();
  await roll();
  expect(rolls).toBe(2);
});

it("one rolling restart goes on at a time, and servers roll after the delivery processes that work", async () => {
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const deliveries = stub(1, () => held.then(() => void order.push("deliveries")));
  const servers = stub(1, async () => void order.push("servers"));
  const roll = createRoll(servers, deliveries, createLog("test", "silent"));
  const first = roll();
  await roll();
  release();
  await first;
  expect(order).toEqual(["deliveries", "servers"]);
});
