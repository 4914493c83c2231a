import { describe, expect, it } from "vitest";
import { LogSampler } from "../../../src/telemetry/log/sampling.js";

function setup() {
  let now = 1_000_000;
  const sampler = new LogSampler(() => now);
  const flood = (key: string, lines: number) => Array.from({ length: lines }, () => sampler.admit(key, 40));
  const wait = (ms: number) => {
    now += ms;
  };
  return { sampler, flood, wait };
}
const logged = (outcomes: (number | undefined)[]) => outcomes.filter((outcome) => outcome !== undefined);

describe("a flood of like lines", () => {
  it("is logged whole at first, then one line of a hundred, which says how many were left out", () => {
    const { flood } = setup();
    const outcomes = logged(flood("call failed", 1020));
    expect(outcomes.slice(0, 20)).toEqual(Array(20).fill(0));
    expect(outcomes.slice(20)).toEqual(Array(10).fill(99));
  });

  it("does not hide lines of another kind", () => {
    const { flood } = setup();
    flood("one", 10_000);
    expect(flood("another", 1)).toEqual([0]);
  });

  it("begins anew each second, and every line that was left out is told of", () => {
    const { sampler, flood, wait } = setup();
    flood("a", 50);
    flood("b", 45);
    expect([...sampler.untold()]).toEqual([]);
    wait(1000);
    expect(flood("a", 1)).toEqual([30]);
    expect([...sampler.untold()]).toEqual([["b", 40, 25]]);
    expect(sampler.hasUntold).toBe(false);
  });

  it("is told of although new kinds need its room", () => {
    const { sampler, flood, wait } = setup();
    flood("a", 50);
    wait(1000);
    for (let n = 0; n < 300; n += 1) flood(`kind ${n}`, 1);
    expect([...sampler.untold()]).toContainEqual(["a", 40, 30]);
  });

  it("of ever new kinds is bounded too, and forgotten when it is over", () => {
    const { sampler, flood, wait } = setup();
    const count = () => logged(Array.from({ length: 1000 }, (_, n) => flood(`kind ${n}`, 1)).flat()).length;
    expect(count()).toBeLessThan(300);
    wait(1000);
    void [...sampler.untold()];
    expect(flood("something else", 1)).toEqual([0]);
  });
});
