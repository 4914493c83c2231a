/** The calls that one run of a load tool made, whichever tool it was; parallel arrays in the order of their starts. */
export interface Calls {
  /** When each was sent, in milliseconds since the first. */
  start: Float64Array;
  /** How long each took, in milliseconds. */
  latency: Float64Array;
  /** 1: it failed. */
  failed: Uint8Array;
  /** What the failed ones said, and how often; at most 20 kinds. */
  errors: Record<string, number>;
  /** Why the tool itself could not keep up; absent: it did. */
  starved?: string;
}

/** One call as a tool reports it; times in milliseconds. `error` is empty if it did not fail. */
export interface Call {
  start: number;
  latency: number;
  error: string;
}

/** How long every tool waits for an answer, in seconds: then the call has failed. */
export const callSeconds = 10;
const maxErrorKinds = 20;

/** Puts what a tool reported, in any order, into the common form. */
export function toCalls(list: Call[], starved?: string): Calls {
  list.sort((a, b) => a.start - b.start);
  const begun = list[0]?.start ?? 0;
  return {
    start: Float64Array.from(list, ({ start }) => start - begun),
    latency: Float64Array.from(list, ({ latency }) => latency),
    failed: Uint8Array.from(list, ({ error }) => (error === "" ? 0 : 1)),
    errors: countErrors(list),
    ...(starved === undefined ? {} : { starved }),
  };
}

function countErrors(list: Call[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of list) {
    if (error === "") continue;
    const kind = error in counts || Object.keys(counts).length < maxErrorKinds ? error : "other errors";
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
