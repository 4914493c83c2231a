import type { Sample } from "../watch/samples.js";
import type { LoadResult } from "./load.js";

/** What one slice of a long run came to; medians of its samples. */
export interface Slice {
  /** When it began, in seconds of load. */
  second: number;
  /** Which start of the cluster it is of: a new cluster has none of the memory that the one before it had. */
  start: number;
  p99Ms: number;
  memoryMib: number | undefined;
  heapMib: number | undefined;
  handles: number | undefined;
}

/** Memory that has grown by more than this share is a leak until it is shown not to be (the guide's alert). */
const maxGrowth = 0.5;
/** Fewer slices show no drift. */
const minSlices = 4;

export function summarise(second: number, results: LoadResult[], samples: Sample[]): Omit<Slice, "start"> {
  const medianOf = (pick: (sample: Sample) => number | undefined) =>
    median(samples.map(pick).filter((value) => value !== undefined));
  return {
    second,
    p99Ms: Math.max(...results.map(({ measured }) => measured.latencyMs.p99)),
    memoryMib: medianOf(({ clusterMemoryMib }) => clusterMemoryMib),
    heapMib: medianOf(({ heapMib }) => heapMib),
    handles: medianOf(({ handles }) => handles),
  };
}

const shown: [string, (slice: Slice) => number | undefined, string][] = [
  ["memory", ({ memoryMib }) => memoryMib, "MiB"],
  ["heap", ({ heapMib }) => heapMib, "MiB"],
  ["handles", ({ handles }) => handles, "open"],
  ["P99", ({ p99Ms }) => p99Ms, "ms"],
];

/** How the figures went in each start of the cluster, and what grew too much. */
export function judgeSlices(slices: Slice[]): { findings: string[]; failures: string[] } {
  const starts = [...new Set(slices.map(({ start }) => start))];
  const judged = starts.map((wanted) => {
    const own = slices.filter(({ start }) => start === wanted);
    const tell = (line: string) => (starts.length > 1 ? `start ${wanted} of the cluster: ${line}` : line);
    return { drift: describeDrift(own).map(tell), growth: findGrowth(own).map(tell) };
  });
  return { findings: judged.flatMap(({ drift }) => drift), failures: judged.flatMap(({ growth }) => growth) };
}

/** How each figure went from the first quarter of the slices to the last. */
function describeDrift(slices: Slice[]): string[] {
  if (slices.length < minSlices) return [`${slices.length} slices are too few to show a drift`];
  return shown.flatMap(([name, pick, unit]) => {
    const ends = quarters(slices, pick);
    if (!ends) return [];
    const [first, last] = ends;
    const change = ((last - first) / first) * 100;
    return `drift of ${name}: ${first.toFixed(1)} -> ${last.toFixed(1)} ${unit} (${change >= 0 ? "+" : ""}${change.toFixed(0)}%)`;
  });
}

/** What memory grew too much. */
function findGrowth(slices: Slice[]): string[] {
  if (slices.length < minSlices) return [];
  return shown.slice(0, 2).flatMap(([name, pick]) => {
    const [first, last] = quarters(slices, pick) ?? [1, 1];
    if (last <= first * (1 + maxGrowth)) return [];
    return `${name} grew by over ${maxGrowth * 100}%: ${first.toFixed(0)} -> ${last.toFixed(0)} MiB`;
  });
}

/** Medians of the first and the last quarter. */
function quarters(slices: Slice[], pick: (slice: Slice) => number | undefined): [number, number] | undefined {
  const values = slices.map(pick).filter((value) => value !== undefined);
  const size = Math.max(1, Math.floor(values.length / 4));
  const [first, last] = [median(values.slice(0, size)), median(values.slice(-size))];
  return first === undefined || last === undefined ? undefined : [first, last];
}

function median(values: number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
