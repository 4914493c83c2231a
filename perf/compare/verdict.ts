import { median } from "../bench/figures.js";
import { compareRounds, type Ratio } from "../judge/ratio.js";
import type { Figures } from "./measures.js";

/** A figure of a load, and whether more of it is better. */
const kinds = {
  perSecond: { unit: "/s", moreIsBetter: true, judged: true },
  p50Ms: { unit: "P50 ms", moreIsBetter: false, judged: true },
  // The tail of a short load is a dozen calls: it is shown, and not judged.
  p99Ms: { unit: "P99 ms", moreIsBetter: false, judged: false },
  cpuUs: { unit: "CPU us a call", moreIsBetter: false, judged: true },
  serverUs: { unit: "servers' CPU us a call", moreIsBetter: false, judged: true },
} as const;

/**
 * A difference up to this share is none: even a build against itself differs by some per cent. The gate fails for a
 * figure that is worse by more, and whose whole interval says so.
 */
export const tolerance = 0.1;

export interface Compared extends Ratio {
  name: string;
  base: number[];
  current: number[];
  verdict: "better" | "WORSE" | "no difference shown" | "worse, within the tolerance" | "worse in one of two starts";
}

/** Compares the rounds of one load, figure by figure. */
export function compareFigures(name: string, base: Figures[], current: Figures[]): Compared[] {
  return (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) => {
    const of = (rounds: Figures[]) => rounds.map((figures) => figures[kind]).filter((value) => value !== undefined);
    const [before, now] = [of(base), of(current)];
    if (before.length === 0) return [];
    const ratio = compareRounds(now, before);
    return [
      { name: `${name}, ${kinds[kind].unit}`, base: before, current: now, ...ratio, verdict: judge(ratio, kind) },
    ];
  });
}

function judge(ratio: Ratio, kind: keyof typeof kinds): Compared["verdict"] {
  const { moreIsBetter, judged } = kinds[kind];
  if (!ratio.differs) return "no difference shown";
  if (ratio.ratio > 1 === moreIsBetter) return "better";
  const loss = moreIsBetter ? 1 / ratio.ratio - 1 : ratio.ratio - 1;
  return judged && loss > tolerance ? "WORSE" : "worse, within the tolerance";
}

/** A line of the table. */
export function describeCompared({ name, base, current, ratio, from, until, verdict }: Compared): string {
  const [before, now] = [base, current].map((list) => median(list).toFixed(1).padStart(9));
  const values = `${before} -> ${now}`;
  return `${name.padEnd(44)} ${values}   x ${ratio.toFixed(3)} (${from.toFixed(3)} to ${until.toFixed(3)})   ${verdict}`;
}
