import type { Target, Targets } from "./targets.js";

/** STALE: the figure is old, because what it is of no longer answers. */
export type State = "OK" | "WARN" | "CRITICAL" | "STALE" | "NOT MEASURED";

/** One figure against its target. */
export interface Figure {
  id: string;
  name: string;
  state: State;
  value?: number;
  unit: string;
  objective: number;
  critical: number;
  better: "less" | "more";
  /** What it is made of, or why it is not measured. */
  detail: string;
  /** How old it is, in milliseconds. */
  ageMs: number;
}

/** What was measured; without a value it was not, and `detail` says why. */
export interface Reading {
  value: number | undefined;
  detail: string;
  ageMs: number;
}

/** A figure is stale when it has missed so many of its readings, which come every 5 s. */
export const staleMs = 16_000;

const order: State[] = ["NOT MEASURED", "OK", "WARN", "STALE", "CRITICAL"];

/** The worst of some states. */
export function worst(states: State[]): State {
  return order[Math.max(0, ...states.map((state) => order.indexOf(state)))] as State;
}

/** Judges a reading by the target of this id, or by so many times as much. */
export function judge(targets: Targets, id: string, { value, detail, ageMs }: Reading, scale = 1): Figure {
  const found = targets.get(id);
  if (!found) throw new Error(`slo/targets.json has no target ${id}`);
  const target = { ...found, objective: found.objective * scale, critical: found.critical * scale };
  const { name, unit, objective, critical, better = "less" } = target;
  const figure: Omit<Figure, "state"> = { id, name, unit, objective, critical, better, detail, ageMs };
  if (value === undefined) return { ...figure, state: "NOT MEASURED" };
  return { ...figure, value, state: ageMs > staleMs ? "STALE" : stateOf(value, target) };
}

function stateOf(value: number, { objective, critical, better }: Target): State {
  const isBeyond = (limit: number) => (better === "more" ? value < limit : value > limit);
  if (isBeyond(critical)) return "CRITICAL";
  return isBeyond(objective) ? "WARN" : "OK";
}
