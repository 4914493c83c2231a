import type { FaultBook } from "./fault-book.js";
import type { FuzzRun } from "./fuzz-run.js";
import { type HeavyCase, planHeavy } from "./heavy.js";
import type { FuzzOptions } from "./options.js";
import { planCase } from "./plan-case.js";
import { Random } from "./random.js";

/** How many cases are under way at a time. */
const concurrency = 24;
const progressMs = 5000;

/** Sends large requests one after the other, in an order that the seed decides, for so many seconds. */
export async function runHeavy(
  run: FuzzRun,
  options: FuzzOptions,
  seconds: number,
  book: FaultBook,
): Promise<{ sent: number; all: number }> {
  const until = performance.now() + seconds * 1000;
  const cases = shuffle(listHeavy(options), new Random(options.seed));
  const say = createProgress("large requests", run, book);
  let sent = 0;
  for (const heavy of cases) {
    if (performance.now() > until) break;
    await run.runAlone(heavy);
    sent += 1;
    say();
  }
  return { sent, all: cases.length };
}

/** All shapes by the owner, and one of each method by somebody without a valid token. */
function listHeavy({ methods, seed }: FuzzOptions): HeavyCase[] {
  const forms = ["grpc", "json", "proto"] as const;
  return methods.flatMap((method) =>
    forms.flatMap((form) => {
      const owners = planHeavy({ method, form, caller: "owner", seed });
      return [...owners, ...planHeavy({ method, form, caller: "stranger", seed }).slice(0, 1)];
    }),
  );
}

/** Sends cases, many at a time, for so many seconds. */
export async function runStorm(run: FuzzRun, options: FuzzOptions, seconds: number, book: FaultBook): Promise<void> {
  const { seed, methods, withPages } = options;
  const until = performance.now() + seconds * 1000;
  const say = createProgress("calls", run, book);
  const seen = run.seen;
  let number = 0;
  const loop = async () => {
    while (performance.now() < until) {
      const plan = planCase({ seed, number: number++, methods, withPages, seen });
      await run.run(plan);
      say();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
}

/** Says each few seconds how far it is. */
function createProgress(what: string, run: FuzzRun, book: FaultBook): () => void {
  const begun = performance.now();
  const first = run.calls;
  let next = begun + progressMs;
  return () => {
    const now = performance.now();
    if (now < next) return;
    next = now + progressMs;
    const seconds = (now - begun) / 1000;
    const calls = run.calls - first;
    console.error(
      `  ${what}: ${calls} in ${Math.round(seconds)} s (${Math.round(calls / seconds)}/s), ${book.all.length} kinds of faults`,
    );
  };
}

function shuffle<T>(items: T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
}
