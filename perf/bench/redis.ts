/**
 * `make bench-redis`: the guide's claim about pipelines, measured on a private, durable redis-server. Calls one after the
 * other, each awaited, against one pipeline, against group commit; then each structure of the guide's table. All rounds
 * run interleaved; a figure is the median of its rounds. The last line is one JSON object.
 *
 * What one by one reaches depends on how fast the machine wakes a process that waits, so the ratios to it differ from
 * machine to machine, and fall on a busy one. "A call each" has many callers on one connection, as Posta's have: what they
 * send at once travels together anyway.
 */
import { Redis } from "ioredis";
import { describeRound, formatRate, formatResult, formatTable, Rounds } from "./figures.js";
import { type Command, GroupCommit, sendPipeline } from "./group-commit.js";
import { readPlan } from "./plan.js";
import { RedisServer } from "./redis-server.js";

const { rounds, durationMs } = readPlan({ seconds: 1 });
const warmupMs = 300;
/** Commands in a pipeline, and in a batch of group commit. */
const batchSize = 100;
const callers = 128;
/** Members, keys and points: enough that what is written is not always the same, few enough to stay small. */
const keys = 100_000;
const points = 10_000;
const recent = 1000;

/** What is done for the index-th item of each structure; `prepare` fills what it reads. */
const structures: Record<string, { title: string; commands: (index: number) => Command[]; prepare?: Command[] }> = {
  set: { title: "SET", commands: (index) => [["set", `k${index % keys}`, "34600123456"]] },
  incr: { title: "String, INCR", commands: () => [["incr", "sent"]] },
  sorted_set: {
    title: "Sorted Set, 60 of 10,000 points",
    commands: (index) => [["zrangebyscore", "series", index % points, (index % points) + 59]],
    prepare: Array.from({ length: points }, (_, second) => ["zadd", "series", second, `${second}:1`]),
  },
  list: {
    title: "List, LPUSH + LTRIM",
    commands: (index) => [
      ["lpush", "recent", `event ${index}`],
      ["ltrim", "recent", 0, recent - 1],
    ],
  },
  unique: { title: "Set, SADD", commands: (index) => [["sadd", "recipients", `34600${index % keys}`]] },
  expire: {
    title: "String, SET + EXPIRE",
    commands: (index) => [
      ["set", `e${index % keys}`, "1"],
      ["expire", `e${index % keys}`, 60],
    ],
  },
};

const server = new RedisServer();
await server.start();
const redis = new Redis({ path: server.socket });

/** Items a second; `send` does some of them, from an index on, and answers how many. */
async function measure(send: (index: number) => Promise<number>, concurrency = 1): Promise<number> {
  const measuredFrom = performance.now() + warmupMs;
  const until = measuredFrom + durationMs;
  let next = 0;
  let done = 0;
  async function run(): Promise<void> {
    while (performance.now() < until) {
      const count = await send(next++);
      const now = performance.now();
      if (now >= measuredFrom && now < until) done += count;
    }
  }
  await Promise.all(Array.from({ length: concurrency }, run));
  return (done * 1000) / durationMs;
}

async function sendOneByOne(commands: Command[]): Promise<number> {
  for (const [name, ...args] of commands) await redis.call(name, ...args);
  return 1;
}

async function sendBatch(commands: (index: number) => Command[], batch: number): Promise<number> {
  await sendPipeline(
    redis,
    Array.from({ length: batchSize }, (_, index) => commands(batch * batchSize + index)).flat(),
  );
  return batchSize;
}

const single = (title: string) => `${title}: one by one`;
const pipelined = (title: string) => `${title}: pipeline of ${batchSize}`;
const concurrent = `SET: ${callers} callers, a call each`;
const grouped = `SET: ${callers} callers, group commit`;

const measures = Object.values(structures).flatMap(({ title, commands, prepare }) => [
  { name: single(title), prepare, run: () => measure((index) => sendOneByOne(commands(index))) },
  { name: pipelined(title), prepare, run: () => measure((batch) => sendBatch(commands, batch)) },
]);
const setCommands = structures.set?.commands as (index: number) => Command[];
measures.splice(
  2,
  0,
  {
    name: concurrent,
    prepare: undefined,
    run: () => measure((index) => sendOneByOne(setCommands(index)), callers),
  },
  {
    name: grouped,
    prepare: undefined,
    run() {
      const commit = new GroupCommit(redis, batchSize);
      return measure((index) => commit.send(setCommands(index)).then(() => 1), callers);
    },
  },
);

const figures = new Rounds();
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, prepare, run } of measures) {
      // Each measure begins on the same data.
      await redis.flushall();
      if (prepare) await sendPipeline(redis, prepare);
      const perSecond = await run();
      figures.add(name, perSecond);
      console.log(describeRound(round, rounds, name, perSecond));
    }
  }
} finally {
  redis.disconnect();
  await server.stop();
}

const gains = Object.entries(structures).map(([key, { title }]): [string, number] => [
  key === "set" ? "pipeline_over_single" : `${key}_pipeline_over_single`,
  figures.ratio(pipelined(title), single(title)),
]);
const result = {
  ...Object.fromEntries(gains),
  group_commit_over_single: figures.ratio(grouped, single("SET")),
  group_commit_over_concurrent: figures.ratio(grouped, concurrent),
};

console.log(`\nMedians of ${rounds} rounds, appendonly yes, appendfsync everysec, on a Unix socket:\n`);
console.log(
  formatTable(
    ["what", "items a second"],
    figures.medians().map(([name, value]) => [name, formatRate(value)]),
  ),
);
console.log(
  `\n${formatTable(
    ["figure", "measured"],
    Object.entries(result).map(([key, value]) => [key, value.toFixed(2)]),
  )}`,
);
console.log(`\n${formatResult(result)}`);
