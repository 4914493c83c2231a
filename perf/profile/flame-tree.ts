import { type CpuProfile, selfTimes } from "./cpu-profile.js";
import type { CallFrame, Places } from "./places.js";

/** A function as it was called by the ones above it. */
export interface Flame {
  name: string;
  place: string;
  /** With what it called, and in itself. */
  ms: number;
  selfMs: number;
  children: Flame[];
}

/** What is narrower than this share of the whole is left out: no screen shows it, and it would be most of the file. */
const narrowest = 0.0002;

/** The stacks of a profile as one tree, calls of one function from one place together; idle time is left out. */
export function buildFlame({ nodes, ...profile }: CpuProfile, places: Places): Flame {
  const times = selfTimes({ nodes, ...profile });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const describe = ({ functionName, ...frame }: CallFrame) => ({
    name: functionName || "(anonymous)",
    place: places.of({ functionName, ...frame }),
  });

  function merge(ids: number[]): Flame[] {
    const groups = new Map<string, { name: string; place: string; ids: number[] }>();
    for (const id of ids) {
      const { name, place } = describe((byId.get(id) as (typeof nodes)[number]).callFrame);
      if (name === "(idle)") continue;
      const key = `${name} ${place}`;
      const group = groups.get(key);
      if (group) group.ids.push(id);
      else groups.set(key, { name, place, ids: [id] });
    }
    return [...groups.values()].map(join).sort((a, b) => b.ms - a.ms);
  }

  function join({ name, place, ids }: { name: string; place: string; ids: number[] }): Flame {
    const selfMs = ids.reduce((sum, id) => sum + (times.get(id) ?? 0), 0);
    const children = merge(ids.flatMap((id) => byId.get(id)?.children ?? []));
    return { name, place, selfMs, ms: children.reduce((sum, child) => sum + child.ms, selfMs), children };
  }

  const [root] = nodes;
  if (!root) throw new Error("the profile is empty");
  const children = merge(root.children ?? []);
  const ms = children.reduce((sum, child) => sum + child.ms, 0);
  const all: Flame = { name: "all", place: "", selfMs: 0, ms, children };
  return prune(all, ms * narrowest);
}

function prune(flame: Flame, leastMs: number): Flame {
  const children = flame.children.filter(({ ms }) => ms >= leastMs).map((child) => prune(child, leastMs));
  return { ...flame, children };
}
