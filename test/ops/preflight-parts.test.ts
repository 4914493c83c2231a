import { type ServiceError, status } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { AcknowledgedLoad } from "../../ops/preflight/acknowledged-load.js";
import { readRetryDelayMs } from "../../ops/preflight/error-details.js";
import { GroupCommit } from "../../perf/bench/group-commit.js";
import { RedisServer } from "../../perf/bench/redis-server.js";
import { queueService, ServiceClient } from "../../perf/watch/service-client.js";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

let server: RedisServer;
let redis: Redis;
const releases = useReleases();

beforeEach(async () => {
  server = new RedisServer();
  releases.push(() => server.stop());
  await server.start();
  redis = new Redis({ path: server.socket });
  redis.on("error", () => {}); // Its server is shut down in some of the tests.
  releases.push(() => redis.disconnect());
});

/** A Posta on the test's Redis, with a client. */
async function startPosta(env: Record<string, string> = {}): Promise<ServiceClient> {
  const posta = await startServer(`unix://${server.socket}`, { POSTA_QUEUE_PREFIX: "bull", ...env });
  releases.push(() => posta.stop());
  const client = new ServiceClient(`127.0.0.1:${posta.port}`, queueService, 2);
  releases.push(() => client.close());
  await posta.serving;
  return client;
}

describe("RedisServer", () => {
  it("keeps its data when it is shut down and started again", async () => {
    await redis.set("key", "value");
    redis.disconnect();
    await server.shutDown();
    await server.start();
    const again = new Redis({ path: server.socket });
    releases.push(() => again.disconnect());
    expect(await again.get("key")).toBe("value");
    expect(await again.config("GET", "appendfsync")).toEqual(["appendfsync", "everysec"]);
  });
});

describe("GroupCommit", () => {
  it("writes every caller's commands, in order", async () => {
    const commit = new GroupCommit(redis, 10);
    const values = Array.from({ length: 95 }, (_, index) => `${index}`);
    await Promise.all(values.map((value) => commit.send([["rpush", "list", value]])));
    await commit.send([["rpush", "list", "last"]]);
    expect(await redis.lrange("list", 0, -1)).toEqual([...values, "last"]);
  });

  it("tells its callers of an error", async () => {
    const commit = new GroupCommit(redis, 10);
    await redis.set("text", "no number");
    await expect(commit.send([["incr", "text"]])).rejects.toThrow(/not an integer/);
    await commit.send([["incr", "number"]]);
    expect(await redis.get("number")).toBe("1");
  });
});

describe("AcknowledgedLoad", () => {
  it("finds what was acknowledged, what is lost and what is there twice", async () => {
    const load = new AcknowledgedLoad(await startPosta(), "audited");
    load.start(4);
    await load.nextSuccess();
    await expect.poll(() => redis.llen("bull:audited:wait")).toBeGreaterThan(20);
    await load.stop();
    const jobs = await redis.llen("bull:audited:wait");
    expect(await load.audit(redis)).toEqual({ acknowledged: jobs, lost: 0, twice: 0 });
    expect(load.failedCalls).toBe(0);

    await redis.lpop("bull:audited:wait", 2);
    const first = await redis.lindex("bull:audited:wait", 0);
    await redis.rpush("bull:audited:wait", first as string);
    expect(await load.audit(redis)).toEqual({ acknowledged: jobs, lost: 2, twice: 1 });
  });

  it("waits for a success that began after a failure was caused", async () => {
    const load = new AcknowledgedLoad(await startPosta(), "restarted");
    load.start(4);
    await load.nextSuccess();
    await server.shutDown();
    await expect.poll(() => load.failedCalls).toBeGreaterThan(0);
    await server.start();
    await load.nextSuccess();
    await load.stop();
    expect(await load.audit(redis)).toMatchObject({ lost: 0, twice: 0 });
  });
});

describe("a refusal's delay", () => {
  it("is read from its RetryInfo", async () => {
    const client = await startPosta({ POSTA_QUEUE_MAX_PENDING: "1" });
    const jobs = Array.from({ length: 2000 }, () => ({ name: "n" }));
    const calls = Array.from({ length: 6 }, () => client.call("AddJobs", { queue: "full", jobs }));
    const settled = await Promise.allSettled(calls);
    const errors = settled.flatMap((result) => (result.status === "rejected" ? [result.reason as ServiceError] : []));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(readRetryDelayMs(error)).toBe(250);
    }
  });

  it("is missing from an error that has none", async () => {
    const client = await startPosta();
    const error = await client.call("GetQueue", { queue: "nowhere" }).catch((thrown) => thrown as ServiceError);
    expect((error as ServiceError).code).toBe(status.NOT_FOUND);
    expect(readRetryDelayMs(error as ServiceError)).toBeUndefined();
  });
});
