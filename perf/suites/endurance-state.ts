import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Sample, thin } from "../watch/samples.js";
import type { LoadResult } from "./load.js";
import { mergeResults } from "./merge.js";
import { isStarved } from "./rounds.js";
import { type Slice, summarise } from "./slices.js";
import { faultsOf } from "./suite.js";

const defaultSeconds = 24 * 3600;
const maxSliceSeconds = 300;
const minSliceSeconds = 10;
/** So many are kept of a whole run: as many as a chart can show. */
const maxSamples = 2000;

/** What an endurance run has so far; kept in its folder, so that one that was cut can go on. */
export interface State {
  totalSeconds: number;
  sliceSeconds: number;
  /** Slices that are behind it, with those that are left out. */
  done: number;
  /** How often its cluster was started: once, and again for each time that it went on. */
  starts: number;
  slices: Slice[];
  /** Of all slices so far, by scenario. */
  results: LoadResult[];
  samples: Sample[];
  /** How long it had been watched when it last went on: a sampler counts from its own start. */
  watchedSeconds: number;
}

export function planSlices({ totalSeconds, sliceSeconds }: State): number {
  return Math.ceil(totalSeconds / sliceSeconds);
}

/** What the folder has of a run that was cut, or a run of `seconds` that begins. `isOwn`: its cluster has just been started. */
export function openState(folder: string, seconds: number | undefined, isOwn: boolean): State {
  const file = stateFile(folder);
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as State) : freshState(seconds);
  if (isOwn) state.starts += 1;
  state.watchedSeconds = state.samples.at(-1)?.second ?? 0;
  return state;
}

export function saveState(folder: string, state: State): void {
  writeFileSync(stateFile(folder), JSON.stringify(state));
}

/** The folder of a run that RESUME names, as an absolute path. Throws an error if it has none. */
export function findRun(name: string): string {
  const folder = resolve(name);
  if (existsSync(stateFile(folder))) return folder;
  throw new Error(`RESUME: ${folder} has no endurance.json: it is not of an endurance run that has had a slice`);
}

/** Adds a slice; one whose load generator was starved tells nothing, and is left out. Answers what is broken in it. */
export function addSlice(state: State, results: LoadResult[], samples: Sample[]): string[] {
  const faulty = results.filter(({ measured }) => measured.broken.length > 0);
  const isLeftOut = faulty.length > 0 && faulty.every(isStarved);
  if (faulty.length > 0 && !isLeftOut) return faultsOf(faulty);
  for (const sample of thin(samples, Math.ceil(maxSamples / planSlices(state)))) {
    state.samples.push({ ...sample, second: state.watchedSeconds + sample.second });
  }
  if (!isLeftOut) {
    const second = state.done * state.sliceSeconds;
    state.slices.push({ ...summarise(second, results, samples), start: state.starts });
    state.results = mergeResults(state.results, results, state.slices.length, second);
  }
  state.done += 1;
  return [];
}

function freshState(seconds = defaultSeconds): State {
  const sliceSeconds = Math.min(maxSliceSeconds, Math.max(minSliceSeconds, Math.round(seconds / 10)));
  const nothing = { slices: [], results: [], samples: [] };
  return { totalSeconds: seconds, sliceSeconds, done: 0, starts: 0, watchedSeconds: 0, ...nothing };
}

function stateFile(folder: string): string {
  return join(folder, "endurance.json");
}
