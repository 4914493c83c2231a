import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseDuration } from "../suites/duration.js";
import { type Case, parseCase } from "./case.js";
import type { Method } from "./contract.js";

/** What a run does. */
export interface FuzzOptions {
  seed: number;
  seconds: number;
  /** The methods that are called; with ONLY no pages are asked for. */
  methods: Method[];
  withPages: boolean;
  /** The one case that is sent, instead of a run. */
  replay: Case | undefined;
}

/** Reads SEED, DURATION, ONLY and REPLAY; throws an error that names the variable. */
export function readOptions({ SEED, DURATION, ONLY, REPLAY }: NodeJS.ProcessEnv, methods: Method[]): FuzzOptions {
  const seed = SEED ? Number(SEED) : randomInt(1_000_000);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`SEED: "${SEED}" is no seed; use a whole number from 0 on`);
  const chosen = ONLY ? methods.filter(({ name }) => name === ONLY || name.endsWith(`/${ONLY}`)) : methods;
  if (chosen.length === 0) {
    throw new Error(`ONLY: the contract has no method "${ONLY}"; use one as posta.queue.v1.QueueService/AddJobs`);
  }
  const replay = REPLAY ? parseCase(readReplay(REPLAY)) : undefined;
  return { seed, seconds: parseDuration("DURATION", DURATION) ?? 60, methods: chosen, withPages: !ONLY, replay };
}

function readReplay(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`REPLAY: cannot be read: ${(error as Error).message}; use a fault-<n>.json of a run`);
  }
}
