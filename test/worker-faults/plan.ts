import { createRandom } from "../support/whatsapp/random.js";

/** What is done to a run. */
const faults = {
  "kill server": { most: 2 },
  "kill delivery": { most: 1 },
  "kill worker": { most: 3 },
  "kill redis": { most: 1 },
  "cut off redis": { most: 3 },
  "stop server": { most: 2 },
  "stop delivery": { most: 1 },
  "stop worker": { most: 2 },
  "stop redis": { most: 1 },
  "cut to worker": { most: 3 },
  "cut to server": { most: 3 },
  "silence the network": { most: 1 },
  "block worker": { most: 2 },
  "deafen worker": { most: 2 },
  "restart worker": { most: 2 },
  "drain worker": { most: 1 },
  "roll servers": { most: 1 },
  "pause queue": { most: 2 },
  "limit queue": { most: 2 },
  "cancel jobs": { most: 3 },
  "shift clock": { most: 2 },
} as const;

export type FaultName = keyof typeof faults;

export interface Fault {
  /** When it begins, in milliseconds from the begin of the run. */
  atMs: number;
  name: FaultName;
  /** How long it lasts, in milliseconds, if it lasts. */
  ms: number;
  /** From 0 to 1: which of those that it could meet. */
  pick: number;
  /** How many bytes pass before a connection is cut; how far a clock is shifted, in milliseconds. */
  amount: number;
}

/** What one run does, all of it from one seed. */
export interface Plan {
  readonly seed: number;
  /** Redis dies. It then writes each change before its answer: what was acknowledged is there after the restart. */
  readonly killsRedis: boolean;
  /** BullMQ's own workers work beside the others. */
  readonly withBullWorkers: boolean;
  readonly shiftsClocks: boolean;
  readonly faults: readonly Fault[];
  readonly random: () => number;
}

/** Before this, nothing is struck: no lease may be lost. In milliseconds. */
export const calmMs = 5000;
const lengthMs = 20_000;

export function planOf(seed: number): Plan {
  const random = createRandom(seed);
  const killsRedis = seed % 2 === 0; // Two runs have both.
  const [withBullWorkers, shiftsClocks] = [random() < 0.6, random() < 0.5];
  const isOut = (name: FaultName) => name === "kill redis" || (name === "shift clock" && !shiftsClocks);
  const names = (Object.keys(faults) as FaultName[]).filter((name) => !isOut(name));
  const left = names.flatMap((name) => Array<FaultName>(faults[name].most).fill(name));
  const times: number[] = [];
  for (let atMs = calmMs; atMs < lengthMs; atMs += 500 + random() * 1500) times.push(Math.round(atMs));
  const redisAt = killsRedis ? Math.floor(random() * times.length) : -1;
  const chosen = times.map((atMs, place): Fault => {
    const [drawn] = left.splice(Math.floor(random() * left.length), 1) as [FaultName];
    const name = place === redisAt ? "kill redis" : drawn;
    return { atMs, name, ms: lengthOf(name, random), pick: random(), amount: amountOf(name, random) };
  });
  return { seed, killsRedis, withBullWorkers, shiftsClocks, faults: chosen, random };
}

/** Half of what stops does so for longer than a lease. */
function lengthOf(name: FaultName, random: () => number): number {
  if (name === "cancel jobs") return Math.round(random() * 1500);
  return Math.round(500 + random() * (name === "stop redis" ? 3500 : 5000));
}

function amountOf(name: FaultName, random: () => number): number {
  // A job that BullMQ's worker puts off by a clock that is ahead waits that much longer, and must still be done in time.
  if (name === "shift clock") return Math.round((random() - 0.5) * 40_000);
  return Math.round(random() * 2000);
}

export function describePlan({ seed, killsRedis, withBullWorkers, faults }: Plan): string {
  const traits = [
    killsRedis ? "appendfsync always" : "appendfsync everysec",
    ...(withBullWorkers ? ["BullMQ's workers"] : []),
  ];
  const lines = faults.map(({ atMs, name, ms, amount }) => `  ${atMs} ms: ${name} (${ms} ms, ${amount})`);
  return [`SEED=${seed}: ${traits.join(", ")}`, ...lines].join("\n");
}
