import { parseRounds } from "../suites/duration.js";

/** How long a bench takes. */
export interface Plan {
  rounds: number;
  /** Of each measure of a round. */
  durationMs: number;
}

/** As BENCH_ROUNDS and BENCH_SECONDS say, or else the defaults. Throws an error that names the variable that is wrong. */
export function parsePlan(env: NodeJS.ProcessEnv, defaults: { rounds?: number; seconds?: number } = {}): Plan {
  const rounds = parseRounds("BENCH_ROUNDS", env.BENCH_ROUNDS) ?? defaults.rounds ?? 3;
  const seconds = parseSeconds("BENCH_SECONDS", env.BENCH_SECONDS) ?? defaults.seconds ?? 4;
  return { rounds, durationMs: seconds * 1000 };
}

/** The same; ends the process with one line where one is wrong. */
export function readPlan(...defaults: [{ rounds?: number; seconds?: number }?]): Plan {
  try {
    return parsePlan(process.env, ...defaults);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return process.exit(1);
  }
}

function parseSeconds(variable: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= 600) return seconds;
  throw new Error(`${variable}: "${text}" is no number of seconds; use 0.1 to 600`);
}
