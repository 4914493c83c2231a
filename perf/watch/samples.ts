/** As many as a chart can show. */
export const maxSamples = 2000;

/** What the processes did in one interval. */
export interface Sample {
  /** Seconds since the suite began. */
  second: number;
  /** Cores in use; undefined where the processes cannot be seen. */
  serverCores?: number;
  redisCores?: number;
  /** Primary, servers and delivery. */
  clusterMemoryMib?: number;
  redisMemoryMib?: number;
  /** Of the worst process, in milliseconds; undefined at first. */
  eventLoopDelayP99Ms?: number;
  handles?: number;
  heapMib?: number;
}

/**
 * At most so many samples, in their order, each for some that follow one another: with the second of the first of them, and the
 * highest of each figure, so that no peak is lost.
 */
export function thin(samples: Sample[], most: number): Sample[] {
  const size = Math.max(1, Math.ceil(samples.length / most));
  const groups = Array.from({ length: Math.ceil(samples.length / size) }, (_, group) =>
    samples.slice(group * size, (group + 1) * size),
  );
  return groups.map((group) => ({ ...group.reduce(highest), second: (group[0] as Sample).second }));
}

function highest(so: Sample, next: Sample): Sample {
  const merged = { ...so };
  for (const [key, value] of Object.entries(next) as [keyof Sample, number][]) {
    merged[key] = Math.max(merged[key] ?? value, value);
  }
  return merged;
}
