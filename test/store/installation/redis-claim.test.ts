import { Redis } from "ioredis";
import { beforeEach, describe, expect, inject, it } from "vitest";
import { ConfigError } from "../../../src/config/config.js";
import { Installation } from "../../../src/store/installation/installation.js";
import { RedisClaim, type Verdict } from "../../../src/store/installation/redis-claim.js";
import { PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { freshPrefix } from "../../support/posta.js";
import { createDatabase, runSql } from "../../support/postgres.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();
const log = createLog("test", "silent");
let url: string;
let prefix: string;
let redis: Redis;

beforeEach(async () => {
  const database = await createDatabase();
  releases.push(() => database.drop());
  url = database.url;
  prefix = freshPrefix();
  redis = connect(inject("redisUrl"));
});

function connect(address: string): Redis {
  const client = new Redis(address.replace("unix://", ""));
  releases.push(() => client.disconnect());
  return client;
}

/** The claim of a process that has just started, and has read the database's installation. */
async function startProcess({ isQueue = true } = {}): Promise<RedisClaim> {
  const postgres = new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max: 2, timeoutMs: 5000 }, log);
  releases.push(() => postgres.close());
  const installation = new Installation(postgres);
  await installation.read();
  return new RedisClaim(installation, { prefix, variable: "POSTA_QUEUE_REDIS_URL", isQueue }, log);
}

/** As a store asks, which is told to wait. */
async function untilDecided(claim: RedisClaim, client: Redis): Promise<Verdict> {
  let verdict: Verdict = "wait";
  await expect
    .poll(
      async () => {
        verdict = await claim.check(client);
        return verdict;
      },
      { timeout: 60_000, interval: 200 },
    )
    .not.toBe("wait");
  return verdict;
}

function messageOf(verdict: Verdict): string {
  expect(verdict).toBeInstanceOf(ConfigError);
  return (verdict as ConfigError).message;
}

describe("a Redis of an installation", () => {
  it("gets the installation's id, and is known by it to all processes", async () => {
    const first = await startProcess();
    expect(await first.check(redis)).toBe("ours");
    expect(await redis.get(`${prefix}:posta-installation`)).toBe(first.installation.id);
    expect(await (await startProcess()).check(redis)).toBe("ours");
  });

  it("is used before the database is known, and not taken for ours yet", async () => {
    const postgres = new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max: 1, timeoutMs: 1000 }, log);
    const claim = new RedisClaim(new Installation(postgres), { prefix, variable: "V", isQueue: true }, log);
    expect(await claim.check(redis)).toBe("ours");
    expect(claim.isOurs).toBe(false);
    expect(await redis.exists(`${prefix}:posta-installation`)).toBe(0);
  });

  it("is refused where the database is that of another installation, by both ids and the fix", async () => {
    const ours = await startProcess();
    await ours.check(redis);
    await runSql(url, "UPDATE installation SET id = gen_random_uuid()");
    const other = await startProcess();
    const message = messageOf(await other.check(redis));
    expect(message).toMatch(/^POSTA_QUEUE_REDIS_URL: the keys ".*:\*" of this Redis belong to installation /);
    expect(message).toContain(ours.installation.id);
    expect(message).toContain(other.installation.id);
    expect(message).toContain(`redis-cli DEL ${prefix}:posta-installation`);
  });

  it("is refused where the installation has its queues in another Redis that is in use", async () => {
    const first = await startProcess();
    await first.check(redis);
    await first.renew(redis);
    const renewing = setInterval(() => void first.renew(redis), 5000);
    releases.push(() => clearInterval(renewing));
    const own = await startRedis();
    releases.push(() => own.stop());
    const second = await startProcess();
    const client = connect(own.url);
    expect(await second.check(client)).toBe("wait");
    expect(messageOf(await untilDecided(second, client))).toMatch(
      /^POSTA_QUEUE_REDIS_URL: installation \S+ of the database \(POSTA_DATABASE_URL\) has its queues in another Redis, which a delivery process saw \d+ s ago/,
    );
    expect(await client.dbsize()).toBe(0);
  });

  it("may be another one when nobody has used the old one for 30 s", async () => {
    const first = await startProcess();
    await first.check(redis);
    await first.renew(redis);
    await runSql(url, "UPDATE installation SET queue_seen_at = now() - interval '31 s'");
    const own = await startRedis();
    releases.push(() => own.stop());
    expect(await (await startProcess()).check(connect(own.url))).toBe("ours");
  });

  it("that lost its data gets the id back from a process that used it, and new processes wait for that", async () => {
    const first = await startProcess();
    await first.check(redis);
    await first.renew(redis);
    await redis.del(`${prefix}:posta-installation`);
    const second = await startProcess();
    expect(await second.check(redis)).toBe("wait");
    await first.renew(redis);
    expect(await second.check(redis)).toBe("ours");
  });

  it("that lost its data is ours at once for a process that used it before the connection broke", async () => {
    const first = await startProcess();
    await first.check(redis);
    await first.renew(redis);
    await redis.del(`${prefix}:posta-installation`);
    expect(await first.check(redis)).toBe("ours");
    expect(await redis.get(`${prefix}:posta-installation`)).toBe(first.installation.id);
  });

  it("may forget the id if it holds analytics", async () => {
    const queue = await startProcess();
    await queue.check(redis);
    await queue.renew(redis);
    await redis.del(`${prefix}:posta-installation`);
    expect(await (await startProcess({ isQueue: false })).check(redis)).toBe("ours");
  });
});
