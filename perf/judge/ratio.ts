/** How one figure compares with another that was measured beside it, round by round. */
export interface Ratio {
  /** The geometric mean of the rounds' ratios. */
  ratio: number;
  /** The 95% confidence interval of that. */
  from: number;
  until: number;
  /** Whether the interval leaves out 1: "no difference" is what can be said otherwise. */
  differs: boolean;
}

/** Student's t for 95%, two-sided, by degrees of freedom from 1. */
const tValues = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09,
];
const tLimit = 1.96;

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
