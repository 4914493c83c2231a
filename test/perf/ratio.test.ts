import { describe, expect, it } from "vitest";
import { compareRounds } from "../../perf/judge/ratio.js";
import { readBase } from "../../perf/watch/build.js";

describe("a comparison of rounds", () => {
  it("finds the ratio though the machine wanders, as both sides of a round wander alike", () => {
    const base = [1000, 2000, 500, 1500, 800];
    const { ratio, from, until, differs } = compareRounds(
      base.map((value, round) => value * 1.2 * (round % 2 ? 1.01 : 0.99)),
      base,
    );
    expect(ratio).toBeCloseTo(1.2, 1);
    expect(from).toBeLessThan(1.2);
    expect(until).toBeGreaterThan(1.19);
    expect(differs).toBe(true);
  });

  it("shows no difference where the rounds contradict each other", () => {
    const { from, until, differs } = compareRounds([900, 1100, 950, 1060], [1000, 1000, 1000, 1000]);
    expect(from).toBeLessThan(1);
    expect(until).toBeGreaterThan(1);
    expect(differs).toBe(false);
  });

  it("has the interval of Student's t: two rounds say little", () => {
    const two = compareRounds([1.1, 1.2], [1, 1]);
    expect(two.differs).toBe(false);
    // Hand-made: logs 0.0953 and 0.1823, mean 0.1388, standard error 0.0435, t 12.71.
    expect(Math.log(two.until)).toBeCloseTo(0.1388 + 12.71 * 0.0435, 2);
  });
});

describe("BASE", () => {
  it("is a commit or the summary of a suite, and an error says what is wrong with it", () => {
    expect(readBase("HEAD")).toMatch(/^[0-9a-f]{40}$/);
    expect(() => readBase(undefined)).toThrow(/^BASE: give a commit or a summary.json/);
    expect(() => readBase("no-such-ref")).toThrow(/^BASE: there is no commit no-such-ref/);
    expect(() => readBase("missing.json")).toThrow(/^BASE: there is no file missing.json/);
    expect(() => readBase("package.json")).toThrow(/^BASE: package.json is no summary/);
  });
});
