import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PostaError } from "../../../src/errors/posta-error.js";
import { toRefusal, toStoreError } from "../../../src/store/redis/errors.js";
import { startRedis } from "../../support/redis.js";

let redis: Redis;
const path = inject("redisUrl").replace("unix://", "");

beforeAll(() => {
  redis = new Redis({ path });
});
afterAll(() => redis.disconnect());

/** What a command fails with. */
const errorOf = (command: Promise<unknown>): Promise<Error> =>
  command.then(
    () => {
      throw new Error("the command did not fail");
    },
    (error) => error,
  );

/** Redis' own error reply, as ioredis tells of it. */
const reply = (text: string) => errorOf(redis.eval("return redis.error_reply(ARGV[1])", 0, text));

describe("an error reply", () => {
  it.each([
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "MASTERDOWN Link with MASTER is down",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "MOVED 3999 127.0.0.1:6381",
    "ASK 3999 127.0.0.1:6381",
    "BUSY Redis is busy running a script.",
    "NOREPLICAS Not enough good replicas to write.",
    "MISCONF Redis is configured to save RDB snapshots",
    "NOSCRIPT No matching script. Please use EVAL.",
    "NOAUTH Authentication required.",
    "NOPERM this user has no permissions to run the 'set' command",
    "WRONGPASS invalid username-password pair or user is disabled.",
  ])("%s tells of a store that takes no changes now", async (text) => {
    const error = await reply(text);
    expect(toStoreError(error)).toMatchObject({
      code: "unavailable",
      isUnknown: false,
      retryAfterMs: 500,
      cause: error,
    });
    expect(toStoreError(error).message).toBe("the queue's store cannot take writes now; nothing was done");
    expect(toRefusal(error)).toBeTypeOf("string");
  });

  it.each([
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "ERR value is not an integer or out of range",
    "ERR Command timed out", // Words of an error of the connection, in a reply.
    "BUSYGROUP Consumer Group name already exists",
    "ANYTHING else",
  ])("%s is never told as a lost store", async (text) => {
    const error = await reply(text);
    expect(toStoreError(error)).toMatchObject({
      code: "internal",
      message: "internal error",
      isUnknown: false,
      cause: error,
    });
    expect(toRefusal(error)).toBeUndefined();
  });

  it("is exhausted for a full memory", async () => {
    expect(toStoreError(await reply("OOM command not allowed when used memory > 'maxmemory'."))).toMatchObject({
      code: "exhausted",
      isUnknown: false,
    });
  });
});

describe("an error that is no reply", () => {
  it.each([
    new Error("Anything a library may throw"),
    new Error("Custom Id cannot be integers"),
    Object.assign(new Error("Missing key for job 1. retry"), { code: -1 }),
    Object.assign(new TypeError("x is not a function"), { code: "ERR_INVALID_ARG_TYPE" }),
    new SyntaxError("Unexpected token in JSON"),
  ])("is internal where it is none of the connection: %s", (error) => {
    expect(toStoreError(error)).toMatchObject({ code: "internal", message: "internal error", cause: error });
  });

  it("is passed on where it is the domain's own", () => {
    const error = new PostaError("not-found", "no such job");
    expect(toStoreError(error)).toBe(error);
  });
});

describe("a connection", () => {
  const lost = { code: "unavailable", isUnknown: true };
  const quick = { retryStrategy: null, maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true };

  async function connect(socket: string, options: object = {}): Promise<Redis> {
    const client = new Redis({ path: socket, ...quick, ...options });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  it("was lost where Redis died with the command, or does not answer in time", async () => {
    const own = await startRedis();
    try {
      const client = await connect(own.socket);
      const slow = await connect(own.socket, { commandTimeout: 50 });
      const [dying, late] = [client, slow].map((one) => errorOf(one.blpop("nothing", 0)));
      expect(toStoreError(await late)).toMatchObject(lost);
      await own.kill();
      expect(toStoreError(await dying)).toMatchObject(lost);
      const after = toStoreError(await errorOf(client.get("key")));
      expect(after.code).toBe("unavailable");
      slow.disconnect();
    } finally {
      await own.stop();
    }
  });

  it("was not there, and nothing was done", async () => {
    const client = new Redis({ path: "/nonexistent", ...quick });
    client.on("error", () => {});
    expect(toStoreError(await errorOf(client.connect()))).toMatchObject({ code: "unavailable" });
    const waiting = new Redis({ path, ...quick });
    expect(toStoreError(await errorOf(waiting.get("key")))).toMatchObject({ code: "unavailable", isUnknown: false });
    waiting.disconnect();
  });

  it("to a Redis Cluster none of whose nodes can be reached was lost", async () => {
    const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], {
      lazyConnect: true,
      clusterRetryStrategy: () => null,
    });
    cluster.on("error", () => {});
    expect(toStoreError(await errorOf(cluster.connect()))).toMatchObject({ code: "unavailable" });
    cluster.disconnect();
  });
});
