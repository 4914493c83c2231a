import type { RedisClient } from "./address.js";
import { defineLua, type Script } from "./scripts.js";

/** An answer within this time is exact enough for the offset between the clocks. */
const exactWithinMs = 10;

/**
 * The clock of the Redis that has the store's keys. In a Cluster each server has a clock of its own, and any server may
 * answer TIME: so a script asks, which goes to the server that has its key.
 */
export class RedisClock {
  private offsetMs = 0;
  private readonly readTime: Script<[seconds: string, micros: string]>;

  constructor(
    client: RedisClient,
    /** A key of the store. It is not read, and need not exist. */
    private readonly key: string,
  ) {
    this.readTime = defineLua(client, { name: "clock", lua: 'return redis.call("TIME")', numberOfKeys: 1 });
  }

  /** Redis' time now, in milliseconds since 1970. */
  now(): number {
    return this.toRedisTime(Date.now());
  }

  /** Converts a time of this process to Redis' clock. Both are in milliseconds since 1970. */
  toRedisTime(localMs: number): number {
    return localMs + this.offsetMs;
  }

  /** Converts a time of Redis' clock to that of this process. */
  toLocalTime(redisMs: number): number {
    return redisMs - this.offsetMs;
  }

  /** Reads the clock, so that the offset is as old as this call. Answers how long Redis took, in milliseconds. */
  async read(): Promise<number> {
    const [before, sent] = [Date.now(), performance.now()];
    const [seconds, micros] = await this.readTime([this.key], []);
    const tookMs = performance.now() - sent;
    const [now, after] = [Number(seconds) * 1000 + Number(micros) / 1000, Date.now()];
    // Redis read its clock between `before` and `after`. A late answer is inexact: it must not overrule a known offset.
    const [least, most] = [now - after, now - before];
    const guess = most - least > exactWithinMs ? this.offsetMs : (least + most) / 2;
    this.offsetMs = Math.round(Math.min(Math.max(guess, least), most));
    return tookMs;
  }
}
