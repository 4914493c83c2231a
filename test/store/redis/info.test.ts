import { Redis } from "ioredis";
import { expect, inject, it, onTestFinished, vi } from "vitest";
import { readFigures } from "../../../src/store/redis/info.js";

const gibibyte = 2 ** 30;

it("has no more memory than the container that it is in, and without one the machine's", async () => {
  const client = new Redis(inject("redisUrl").replace("unix://", ""));
  onTestFinished(() => client.disconnect());
  const [, machine] = /total_system_memory:(\d+)/.exec(await client.info("memory")) ?? [];
  const [, own] = /\nmaxmemory:(\d+)/.exec(await client.info("memory")) ?? [];
  expect(own).toBe("0");
  const constrained = vi.spyOn(process, "constrainedMemory");
  onTestFinished(() => constrained.mockRestore());
  const limit = async () => (await readFigures([client], { needsAof: true })).maxBytes;
  for (const none of [0, 2 ** 60]) {
    constrained.mockReturnValue(none);
    expect(await limit()).toBe(Number(machine));
  }
  constrained.mockReturnValue(gibibyte);
  expect(await limit()).toBe(gibibyte);
});
