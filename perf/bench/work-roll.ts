import { setTimeout as sleep } from "node:timers/promises";
import { worker } from "@posta/client";

const queue = "bench-roll";
const addsPerSecond = 500;
/** Servers are rolled while jobs are added, and jobs are added for a while before and after. */
const besideMs = 2000;
/** The last job must be done by then. */
const patienceMs = 20_000;

export interface RollParts {
  port: number;
  /** The primary: SIGHUP rolls its servers. */
  pid: number;
  /** Adds a job. Rejects if Posta did not take it. */
  add(queue: string, id: string): Promise<unknown>;
}

export interface RollReport {
  jobs: number;
  /** Jobs that were begun more than once. */
  twice: number;
  /** Jobs that were not done. */
  lost: number;
  /** From the add's answer to the handler's start, in milliseconds, the slowest last. */
  waits: number[];
}

/** What a rolling restart of all servers does to jobs that two workers do meanwhile. */
export async function measureRoll({ port, pid, add }: RollParts): Promise<RollReport> {
  const begun = new Map<string, number[]>();
  const note = ({ id }: { id: string }) => void begun.set(id, [...(begun.get(id) ?? []), performance.now()]);
  const options = { address: `127.0.0.1:${port}`, concurrency: 50, stopOnSignals: false };
  const workers = [worker(queue, note, options), worker(queue, note, options)];
  const answered = new Map<string, number>();
  const addOne = async (id: string) => {
    await retry(() => add(queue, id));
    answered.set(id, performance.now());
  };
  const rolled = sleep(besideMs).then(() => roll(port, pid));
  const adds = await addUntil(
    rolled.then(() => sleep(besideMs)),
    addOne,
  );
  const until = performance.now() + patienceMs;
  while (begun.size < adds && performance.now() < until) await sleep(20);
  await Promise.all(workers.map((each) => each.stop()));
  const waits = [...answered].flatMap(([id, at]) => (begun.get(id) ?? []).slice(0, 1).map((start) => start - at));
  return {
    jobs: adds,
    twice: [...begun.values()].filter(({ length }) => length > 1).length,
    lost: adds - begun.size,
    waits: waits.map((ms) => Math.max(ms, 0)).toSorted((a, b) => a - b),
  };
}

/** Adds at a steady rate until `end`. Answers how many were added. */
async function addUntil(end: Promise<void>, add: (id: string) => Promise<void>): Promise<number> {
  let isOver = false;
  const over = end.then(() => {
    isOver = true;
  });
  const begun = performance.now();
  const adds: Promise<void>[] = [];
  while (!isOver) {
    const due = ((performance.now() - begun) / 1000) * addsPerSecond;
    for (; adds.length < due; ) adds.push(add(`roll-${adds.length}`));
    await sleep(1);
  }
  await Promise.all([over, ...adds]);
  return adds.length;
}

/** An add has an id of its own, so it may be sent again: by a connection that its server closes, for one. */
async function retry(add: () => Promise<unknown>): Promise<void> {
  for (let left = 20; ; left -= 1) {
    try {
      await add();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(50);
    }
  }
}

/** Rolls all servers. Resolves when none of the old ones is left. */
async function roll(port: number, pid: number): Promise<void> {
  const pids = async () => {
    const response = await fetch(`http://127.0.0.1:${port + 1}/healthz`);
    const { servers } = (await response.json()) as { servers: { pid: number; serving: boolean }[] };
    return new Set(servers.filter(({ serving }) => serving).map((server) => server.pid));
  };
  const old = await pids();
  process.kill(pid, "SIGHUP");
  for (;;) {
    await sleep(100);
    const now = await pids();
    if (now.size === old.size && ![...old].some((one) => now.has(one))) return;
  }
}
