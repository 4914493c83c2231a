import { formatColumns } from "./columns.js";
import { findGrowth, findLeaks, type Growth } from "./growth.js";
import { type HeapClass, readHeap } from "./heap.js";
import type { ProfileContext, ProfileReport } from "./profile.js";

/** So many rounds of load before the first snapshot: until then, code is compiled and pools fill up. */
const warmUps = 2;
const snapshots = 3;
/** How many constructors the table has. */
const shown = 15;

/** Three heap snapshots of one server, a round of load and a forced garbage collection before each; see findLeaks. */
export async function profileLeaks({ cluster, seconds, file, say }: ProfileContext): Promise<ProfileReport> {
  const round = async () => {
    await cluster.underLoad(seconds, async () => {});
    await cluster.clear();
  };
  for (let index = 1; index <= warmUps; index += 1) {
    say(`warm-up ${index} of ${warmUps}`);
    await round();
  }
  const server = cluster.busiest;
  say(`looking into server ${server.pid}, one of ${cluster.agents.length}`);
  const heaps: Map<string, HeapClass>[] = [];
  for (let index = 1; index <= snapshots; index += 1) {
    say(`round ${index} of ${snapshots}`);
    await round();
    await server.ask("collect-garbage");
    await server.ask("snapshot", { file: file(`${index}.heapsnapshot`) });
    heaps.push(await readHeap(file(`${index}.heapsnapshot`)));
  }
  return reportLeaks(heaps);
}

/** What three or more heaps of one process say. */
export function reportLeaks(heaps: Map<string, HeapClass>[]): ProfileReport {
  const leaks = findLeaks(heaps);
  const verdict =
    leaks.length === 0
      ? ["no leak seen"]
      : leaks.map(
          ({ name, counts, sizes }) => `suspected: ${name} grew ${steps(counts)} objects, ${steps(sizes)} bytes`,
        );
  return {
    lines: [...formatGrowth(findGrowth(heaps)), "", ...verdict],
    next:
      leaks.length === 0
        ? "a slow leak shows only over longer rounds: DURATION=60s; make perf-endurance watches a day."
        : "open the snapshots in Chrome DevTools (Memory, Load profile), choose Comparison for the last, and see what retains the suspects.",
    failed: leaks.length > 0,
  };
}

/** "+300, +310" */
function steps(values: number[]): string {
  return values
    .slice(1)
    .map((value, index) => value - (values[index] as number))
    .map((step) => `${step < 0 ? "" : "+"}${step.toLocaleString("en")}`)
    .join(", ");
}

function formatGrowth(growths: Growth[]): string[] {
  if (growths.length === 0) return ["no constructor grew"];
  const rows = growths
    .slice(0, shown)
    .map(({ name, counts, sizes }) => [counts[0]?.toLocaleString("en") ?? "", steps(counts), steps(sizes), name]);
  return formatColumns([["objects", "then", "bytes", "constructor, by growth"], ...rows]);
}
