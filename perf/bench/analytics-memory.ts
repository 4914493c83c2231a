/**
 * `make bench-analytics-memory`: what SERIES series (100,000) take in the analytics' Redis with every minute of a day, with
 * counts alone and with sums of fractions, and whether they stay within what docs/analytics.md states. The last line is one
 * JSON object.
 */
import { Redis } from "ioredis";
import { formatResult } from "./figures.js";
import { RedisServer } from "./redis-server.js";

const series = Number(process.env.SERIES ?? 100_000);
const hours = 24;
/** What an event name may have in an hour. */
const seriesPerName = 1000;
/** What docs/analytics.md states for a series and a day, in bytes. */
const statedBytes = { counts: 16_000, sums: 40_000 };
/** As cluster/embedded/embedded-redis.ts sets them for the analytics. */
const settings = { appendonly: "no", "hash-max-ziplist-entries": "512", "hash-max-ziplist-value": "64" };

/** One hour of one name: a full hash, copied for each series, and the set that lists them. */
const fill = `
  local hour, name, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
  local template
  for index = 1, count do
    local member = string.format("country\\31value-%04d", index)
    local key = "analytics:minutes:" .. hour .. ":" .. name .. "\\31" .. member
    if template then
      redis.call("COPY", template, key)
    else
      template = key
      for minute = 0, 59 do
        redis.call("HINCRBY", key, minute, 100 + minute)
        if ARGV[4] == "sums" then redis.call("HINCRBYFLOAT", key, "s" .. minute, 1234.5 + minute) end
      end
    end
    redis.call("EXPIRE", key, 172800)
    redis.call("ZADD", "analytics:series:" .. hour .. ":" .. name, 6000 + index, member)
  end
  redis.call("EXPIRE", "analytics:series:" .. hour .. ":" .. name, 172800)`;

type Kind = keyof typeof statedBytes;

const server = new RedisServer(settings);
await server.start();
const redis = new Redis({ path: server.socket });
try {
  const result = { bytes_per_series_counts: await measure("counts"), bytes_per_series_sums: await measure("sums") };
  console.log(`\n${formatResult(result)}`);
} finally {
  redis.disconnect();
  await server.stop();
}

async function measure(kind: Kind): Promise<number> {
  await redis.flushall();
  const before = await usedMemory();
  for (let hour = 0; hour < hours; hour += 1) {
    for (let name = 0; name < series / seriesPerName; name += 1) {
      await redis.eval(fill, 0, 491_000 + hour, `event-${name}`, seriesPerName, kind);
    }
    console.log(`${kind}: hour ${hour + 1}/${hours}, ${Math.round((await usedMemory()) / 2 ** 20)} MiB`);
  }
  const bytes = (await usedMemory()) - before;
  const each = bytes / series;
  const stated = statedBytes[kind];
  console.log(
    `${kind}: ${series.toLocaleString("en")} series with every minute of a day take ${Math.round(bytes / 2 ** 20)} MiB, ` +
      `${Math.round(each).toLocaleString("en")} bytes each (stated: ${stated.toLocaleString("en")})`,
  );
  if (each > stated) process.exitCode = 1;
  return each;
}

async function usedMemory(): Promise<number> {
  const [, bytes] = /used_memory:(\d+)/.exec(await redis.info("memory")) ?? [];
  return Number(bytes);
}
