import type { Target, Targets } from "./targets.js";

/** STALE: the figure is old, because its source no longer answers. */
export type State = "OK" | "WARN" | "CRITICAL" | "STALE" | "NOT MEASURED";

/** One figure, compared with its target. */
export interface Figure {
  id: string;
  name: string;
  state: State;
  value?: number;
  unit: string;
  objective: number;
  critical: number;
  better: "less" | "more";
  /** What the figure consists of, or why it is not measured. */
  detail: string;
  /** The figure's age, in milliseconds. */
  ageMs: number;
}

/** A measurement. Without a value, nothing was measured, and `detail` says why. */
export interface Reading {
  value: number | undefined;
  detail: string;
  ageMs: number;
}

/** Age from which a figure is stale, in milliseconds. Readings come every 5 s, so a stale figure has missed three. */
export const staleMs = 16_000;

const order: State[] = ["NOT MEASURED", "OK", "WARN", "STALE", "CRITICAL"];

/** The worst of several states. */
export function worst(states: State[]): State {
  return order[Math.max(0, ...states.map((state) => order.indexOf(state)))] as State;
}

/** Judges a reading by the target with this id, multiplied by `scale`. */
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
