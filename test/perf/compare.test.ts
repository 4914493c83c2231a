import { describe, expect, it } from "vitest";
import type { Figures } from "../../perf/compare/measures.js";
import { compareFigures, describeCompared } from "../../perf/compare/verdict.js";

/** Rounds of a load that noise spreads by a few per cent around its figures. */
function rounds(figures: Figures): Figures[] {
  return [0.98, 1, 1.02, 1.01].map(
    (noise) => Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, value * noise])) as never,
  );
}

/** The verdict on one kind of figure, of a build that has `factor` of the base's. */
function verdictOn(kind: keyof Figures, factor: number) {
  const of = (value: number): Figures => ({ cpuUs: 100, serverUs: 100, [kind]: value });
  const compared = compareFigures("AddJob", rounds(of(100)), rounds(of(100 * factor)).toReversed());
  const judged = compared.filter(({ verdict }) => verdict !== "no difference shown");
  expect(judged.length).toBeLessThanOrEqual(1);
  return judged[0]?.verdict ?? "no difference shown";
}

describe("a build beside its base", () => {
  it.each<[keyof Figures, number, string]>([
    ["cpuUs", 1.3, "WORSE"],
    ["cpuUs", 1.08, "worse, within the tolerance"],
    ["cpuUs", 1.01, "no difference shown"],
    ["cpuUs", 0.8, "better"],
    ["serverUs", 1.3, "WORSE"],
    ["perSecond", 0.77, "WORSE"],
    ["perSecond", 0.95, "worse, within the tolerance"],
    ["perSecond", 1.3, "better"],
    ["p50Ms", 1.3, "WORSE"],
    // A dozen calls of a short load: shown, and not judged.
    ["p99Ms", 3, "worse, within the tolerance"],
  ])("whose %s is %d times the base's is judged: %s", (kind, factor, verdict) => {
    expect(verdictOn(kind, factor)).toBe(verdict);
  });

  it("is not worse where the rounds do not agree, however large the mean", () => {
    const base = [100, 100, 100].map((cpuUs) => ({ cpuUs, serverUs: 1 }));
    const current = [90, 100, 300].map((cpuUs) => ({ cpuUs, serverUs: 1 }));
    expect(compareFigures("AddJob", base, current)[0]).toMatchObject({ verdict: "no difference shown" });
  });

  it("has a line for each figure, with medians, ratio and interval", () => {
    const [perSecond, cpu, servers, ...rest] = compareFigures(
      "GetJob",
      rounds({ perSecond: 1000, cpuUs: 50, serverUs: 40 }),
      rounds({ perSecond: 1000, cpuUs: 65, serverUs: 40 }),
    );
    expect(rest).toEqual([]);
    expect(describeCompared(perSecond as never)).toMatch(/^GetJob, \/s +1010.0 -> +1010.0 +x 1.000 \(/);
    expect(describeCompared(cpu as never)).toMatch(/^GetJob, CPU us a call .* x 1.300 \(.*\) +WORSE$/);
    expect(describeCompared(servers as never)).toMatch(/^GetJob, servers' CPU us a call .* x 1.000 /);
  });
});
