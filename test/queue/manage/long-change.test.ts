import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { rethrowPartial } from "../../../src/queue/manage/long-change.js";
import { BullAdapter } from "../../../src/store/bullmq/adapter.js";
import type { RedisStore } from "../../../src/store/redis/store.js";
import { freshPrefix } from "../../support/posta.js";

let redis: Redis;
let bull: BullAdapter;

beforeAll(() => {
  redis = new Redis({ path: inject("redisUrl").replace("unix://", "") });
  bull = new BullAdapter({ client: redis, requireUsable: () => {} } as unknown as RedisStore, freshPrefix());
});
afterAll(() => redis.disconnect());

describe("a change of several steps", () => {
  const partial = async (text: string) => {
    const failed = bull.run("q", () => redis.eval("return redis.error_reply(ARGV[1])", 0, text));
    return failed.catch(rethrowPartial).catch((error) => error);
  };

  it("says that a part may be done where the store stopped it", async () => {
    for (const [text, code] of [
      ["READONLY x", "unavailable"],
      ["OOM x", "exhausted"],
    ] as const) {
      const message = "the queue's store takes no changes now: a part of the change may be done; call again";
      expect(await partial(text)).toMatchObject({ code, message });
    }
    expect(await partial("WRONGTYPE x")).toMatchObject({ code: "internal", message: "internal error" });
  });
});
