import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { shortCommit } from "../watch/code.js";
import { maxSamples, type Sample, thin } from "../watch/samples.js";
import type { LoadResult } from "./load.js";
import { mergeResults } from "./merge.js";
import { isStarved } from "./rounds.js";
import { type Slice, summarise } from "./slices.js";
import { faultsOf } from "./suite.js";

const defaultSeconds = 24 * 3600;
const maxSliceSeconds = 300;
const minSliceSeconds = 10;

const schema = z.object({
  /** ISO 8601. */
  startedAt: z.iso.datetime(),
  commit: z.string(),
  /** The service, as reports describe it. */
  target: z.string(),
  totalSeconds: z.number().positive(),
  sliceSeconds: z.number().positive(),
  /** Slices that are behind it, with those that are left out. */
  done: z.int(),
  /** How often it was begun: once, and again for each time that it went on. */
  starts: z.int(),
  slices: z.array(z.custom<Slice>()),
  /** Of all slices so far, by scenario. */
  results: z.array(z.custom<LoadResult>()),
  samples: z.array(z.custom<Sample>()),
  /** How long the processes were watched. */
  watchedSeconds: z.number(),
  /** What broke slices, which were made again after it. */
  faults: z.array(z.string()),
});

/** What an endurance run has so far; kept in its folder, so that one that was cut can go on. */
export type State = z.infer<typeof schema>;

export function planSlices({ totalSeconds, sliceSeconds }: Pick<State, "totalSeconds" | "sliceSeconds">): number {
  return Math.ceil(totalSeconds / sliceSeconds);
}

/** What the folder has of a run that was cut, or a run of `seconds` that begins. Throws if it cannot go on with this. */
export function openState(folder: string, seconds: number | undefined, target: string): State {
  const state = existsSync(stateFile(folder)) ? readState(folder) : freshState(seconds, target);
  const commit = shortCommit();
  if (state.commit !== commit) throw new Error(`RESUME: the run is of commit ${state.commit}, and this is ${commit}`);
  if (state.target !== target) throw new Error(`RESUME: the run is of ${state.target}, and this is ${target}`);
  state.starts += 1;
  return state;
}

/** Writes it, whatever happens meanwhile: the file is the old one or the new one. */
export function saveState(folder: string, state: State): void {
  const file = stateFile(folder);
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

/** The folder of a run that RESUME names, as an absolute path. Throws an error if there is none that can go on. */
export function findRun({ RESUME = "", DURATION }: NodeJS.ProcessEnv): string {
  const folder = resolve(RESUME);
  if (!existsSync(stateFile(folder))) {
    throw new Error(`RESUME: ${folder} has no endurance.json: it is not of an endurance run that has had a slice`);
  }
  const state = readState(folder);
  if (state.done >= planSlices(state)) throw new Error(`RESUME: the run in ${folder} is finished`);
  if (DURATION) throw new Error(`DURATION: a run that goes on has its own, ${state.totalSeconds}s: leave it out`);
  return folder;
}

/**
 * Adds a slice, and what became of its cluster. One whose load generator was starved tells nothing, and is left out. Answers what is broken:
 * then the slice does not count, but is remembered.
 */
export function addSlice(state: State, results: LoadResult[], samples: Sample[], losses: string[] = []): string[] {
  const faulty = results.filter(({ measured }) => measured.broken.length > 0);
  const isLeftOut =
    faulty.length > 0 && faulty.every(isStarved) && results.every(({ measured }) => measured.failed === 0);
  const broken = [...losses, ...(isLeftOut ? [] : faultsOf(faulty))];
  addSamples(state, samples);
  if (broken.length > 0) {
    state.faults.push(...broken.map((fault) => `slice ${state.done + 1} was broken: ${fault}`));
    return broken;
  }
  if (!isLeftOut) {
    const second = state.done * state.sliceSeconds;
    state.slices.push({ ...summarise(second, results, samples), start: state.starts });
    state.results = mergeResults(state.results, results, state.slices.length, second);
  }
  state.done += 1;
  return [];
}

function addSamples(state: State, samples: Sample[]): void {
  const most = Math.max(1, Math.floor(maxSamples / planSlices(state)));
  state.samples.push(...thin(samples, most));
  state.watchedSeconds = samples.at(-1)?.second ?? state.watchedSeconds;
}

function freshState(seconds = defaultSeconds, target: string): State {
  const sliceSeconds = Math.min(maxSliceSeconds, Math.max(minSliceSeconds, Math.round(seconds / 10)));
  const nothing = { done: 0, starts: 0, slices: [], results: [], samples: [], watchedSeconds: 0, faults: [] };
  const startedAt = new Date().toISOString();
  return { startedAt, commit: shortCommit(), target, totalSeconds: seconds, sliceSeconds, ...nothing };
}

function readState(folder: string): State {
  const file = stateFile(folder);
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`RESUME: ${file} cannot be used: ${problem}`);
  }
}

function stateFile(folder: string): string {
  return join(folder, "endurance.json");
}
