/** How long something takes: always so many milliseconds, or log-normal, as answers over a network are. */
export type Latency = number | { median: number; p99: number };

/** How many standard deviations the 99th percentile is above the median. */
const p99Deviations = 2.3263;

/** Draws one. */
export function drawLatency(latency: Latency, random: () => number): number {
  if (typeof latency === "number") return latency;
  const { median, p99 } = latency;
  const sigma = Math.log(p99 / median) / p99Deviations;
  return median * Math.exp(sigma * normal(random));
}

/** Box and Muller's. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
