/** How one figure compares with another that was measured beside it, round by round. */
export interface Ratio {
  /** The geometric mean of the rounds' ratios. */
  ratio: number;
  /** The 99% confidence interval of that: a gate that compares many figures would fail by chance with a narrower one. */
  from: number;
  until: number;
  /** Whether the interval leaves out 1: "no difference" is what can be said otherwise. */
  differs: boolean;
}

/** Student's t for 99%, two-sided, by degrees of freedom from 1. */
const tValues = [
  63.66, 9.92, 5.84, 4.6, 4.03, 3.71, 3.5, 3.36, 3.25, 3.17, 3.11, 3.05, 3.01, 2.98, 2.95, 2.92, 2.9, 2.88, 2.86,
];
const tLimit = 2.58;

/**
 * Compares two series of at least two rounds, pair by pair: what disturbs a round disturbs both of it, so their ratio
 * wanders less than either. Ratios are averaged as logarithms: half and double cancel out.
 */
export function compareRounds(values: number[], base: number[]): Ratio {
  const logs = values.map((value, round) => Math.log(value / (base[round] as number)));
  const mean = average(logs);
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const margin = (tValues[logs.length - 2] ?? tLimit) * Math.sqrt(variance / logs.length);
  const [from, until] = [Math.exp(mean - margin), Math.exp(mean + margin)];
  return { ratio: Math.exp(mean), from, until, differs: from > 1 || until < 1 };
}

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
