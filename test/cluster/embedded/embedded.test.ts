import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { canReach, type User, userFor } from "../../../cluster/embedded/postgres-user.js";
import { freshPrefix, isAlive, startCluster, type TestCluster } from "../../support/posta.js";
import { useReleases } from "../../support/releases.js";

const isRoot = process.getuid?.() === 0;
const repository = fileURLToPath(new URL("../../..", import.meta.url));

const releases = useReleases();

/** A folder for a Posta's data that outlives it; only its owner may look into it. */
function dataDirOf({ uid, gid }: User): string {
  const dir = mkdtempSync(join(tmpdir(), "posta-test-"));
  releases.push(() => rmSync(dir, { recursive: true, force: true }));
  if (uid !== undefined) chownSync(dir, uid, gid);
  return dir;
}

async function start(dataDir: string, user: User = {}, env: Record<string, string> = {}): Promise<TestCluster> {
  const settings = { POSTA_DATA_DIR: dataDir, POSTA_SERVERS: "1", POSTA_LOG_LEVEL: "error", ...env };
  const cluster = await startCluster(settings, { user });
  releases.push(() => cluster.stop());
  return cluster;
}

/** Until the delivery process reaches all its stores. */
async function untilWhole(cluster: TestCluster): Promise<void> {
  await expect.poll(async () => (await cluster.health()).status).toBe("OK");
}

async function ask(postgresDir: string, sql: string): Promise<object[]> {
  const client = new pg.Client(`postgresql:///postgres?host=${postgresDir}&user=posta`);
  await client.connect();
  return (await client.query(sql).finally(() => client.end())).rows;
}

async function redisAt<Result>(
  dataDir: string,
  name: string,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = new Redis({ path: join(dataDir, name, "redis.sock") });
  return work(redis).finally(() => redis.disconnect());
}

/** Process ids of all that runs for a cluster with embedded stores. */
async function pidsOf(cluster: TestCluster): Promise<number[]> {
  const { servers, deliveries } = await cluster.health();
  const { dataDir } = cluster;
  const redisPids = ["queue-redis", "analytics-redis"].map((name) =>
    redisAt(dataDir, name, async (redis) => Number(/process_id:(\d+)/.exec(await redis.info("server"))?.[1])),
  );
  const children = [...servers, ...deliveries].map(({ pid }) => pid);
  return [...children, ...(await Promise.all(redisPids)), readPostmaster(dataDir)];
}

function readPostmaster(dataDir: string): number {
  return Number.parseInt(readFileSync(join(dataDir, "postgres", "data", "postmaster.pid"), "utf8"), 10);
}

/** Kills everything at once, as the loss of a container does. */
async function killAll(cluster: TestCluster): Promise<void> {
  const pids = [cluster.process.pid as number, ...(await pidsOf(cluster))];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await cluster.ended;
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
}

function nobody(): User {
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" })));
  return { uid: uid as number, gid: gid as number };
}

describe("the embedded stores", () => {
  it("are two Redis servers, each set up for what it keeps", async () => {
    const dataDir = dataDirOf({});
    await start(dataDir);
    const read = (name: string) =>
      redisAt(dataDir, name, async (redis) => {
        const names = ["appendonly", "save", "maxmemory", "maxmemory-policy", "hash-max-ziplist-*"];
        return Object.assign(
          {},
          ...(await Promise.all(names.map(async (one) => toObject(await redis.config("GET", one))))),
        );
      });
    expect(await read("queue-redis")).toMatchObject({ appendonly: "yes", save: "", "maxmemory-policy": "noeviction" });
    expect(await read("analytics-redis")).toEqual({
      appendonly: "no",
      save: "900 1 300 10 60 10000",
      maxmemory: String(2 * 1024 ** 3),
      "maxmemory-policy": "allkeys-lru",
      "hash-max-ziplist-entries": "512",
      "hash-max-ziplist-value": "64",
    });
  });

  it("are not there where the settings name others", async () => {
    const dataDir = dataDirOf({});
    const cluster = await start(
      join(dataDir, "none"),
      {},
      {
        POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
        POSTA_QUEUE_PREFIX: freshPrefix(),
        POSTA_ANALYTICS_REDIS_URL: inject("redisUrl"),
        POSTA_DATABASE_URL: inject("postgresUrl"),
      },
    );
    await untilWhole(cluster);
    expect(cluster.output()).toMatch(/queue Redis external, analytics Redis external, PostgreSQL external/);
    expect(existsSync(join(dataDir, "none"))).toBe(false);
  });

  it("end with a primary that is killed", async () => {
    const cluster = await start(dataDirOf({}));
    await untilWhole(cluster);
    const pids = await pidsOf(cluster);
    expect(pids).toHaveLength(5);
    cluster.process.kill("SIGKILL");
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  it("are started again when they are killed", async () => {
    const cluster = await start(dataDirOf({}));
    await untilWhole(cluster);
    const before = readPostmaster(cluster.dataDir);
    process.kill(before, "SIGKILL");
    await cluster.untilOutput(/the embedded PostgreSQL ended with code .*; starting it again/);
    await expect.poll(() => readPostmaster(cluster.dataDir)).not.toBe(before);
    await untilWhole(cluster);
  });

  it("are ended before others are started in their place, where only what guards them is killed", async () => {
    const cluster = await start(dataDirOf({}));
    await untilWhole(cluster);
    const [, , , , server = 0] = await pidsOf(cluster);
    const guard = Number(execFileSync("ps", ["-o", "ppid=", "-p", String(server)], { encoding: "utf8" }));
    process.kill(guard, "SIGKILL");
    await cluster.untilOutput(/the embedded PostgreSQL ended with SIGKILL; starting it again/);
    await expect.poll(() => isAlive(server)).toBe(false);
    await untilWhole(cluster);
    expect(readPostmaster(cluster.dataDir)).not.toBe(server);
    expect(readFileSync(join(cluster.dataDir, "postgres", "postgres.log"), "utf8")).not.toMatch(/already exists/);
  });

  it("leave nothing at work when they are stopped while the data is made", async () => {
    const dataDir = dataDirOf({});
    const settings = { POSTA_DATA_DIR: dataDir, POSTA_SERVERS: "1", POSTA_LOG_LEVEL: "error" };
    const cluster = await startCluster(settings, { ready: false });
    releases.push(() => cluster.stop());
    const processes = () => execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" });
    const maker = () =>
      new RegExp(`^ *(\\d+) .*initdb -D ${join(dataDir, "postgres")}/new-`, "m").exec(processes())?.[1];
    await expect.poll(maker, { interval: 5 }).toEqual(expect.any(String));
    const pid = Number(maker());
    process.kill(pid, "SIGSTOP"); // So that it is still at work when the signal comes.
    releases.push(() => isAlive(pid) && process.kill(pid, "SIGCONT"));
    cluster.process.kill("SIGTERM");
    process.kill(pid, "SIGCONT");
    expect(await cluster.ended).toEqual([0, null]);
    expect(
      processes()
        .split("\n")
        .filter((line) => line.includes(dataDir)),
    ).toEqual([]);
  });
});

const users: [string, User, boolean][] = [
  ["root", {}, isRoot],
  ["a normal user", isRoot ? nobody() : {}, !isRoot || canReach(nobody(), repository)],
];

describe.each(users)("the embedded PostgreSQL, started by %s", (_, user, possible) => {
  it.skipIf(!possible)("keeps its data over a stop, and over a kill of everything", async () => {
    const dataDir = dataDirOf(user);
    const folder = join(dataDir, "postgres");
    const first = await start(dataDir, user);
    await untilWhole(first);
    await ask(folder, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
    await first.stop();
    expect(await first.ended).toEqual([0, null]);
    const second = await start(dataDir, user);
    await untilWhole(second);
    await ask(folder, "INSERT INTO kept VALUES (2)");
    await killAll(second);
    expect(existsSync(join(folder, "data", "postmaster.pid"))).toBe(true);
    const third = await start(dataDir, user);
    await untilWhole(third);
    expect(await ask(folder, "SELECT n FROM kept ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it.skipIf(!possible)("starts although its lock names a process, if that is another by now", async () => {
    const dataDir = dataDirOf(user);
    const first = await start(dataDir, user);
    await untilWhole(first);
    await killAll(first);
    const stranger = spawn("sleep", ["60"], { stdio: "ignore", ...userFor(join(dataDir, "postgres")) });
    releases.push(() => stranger.kill("SIGKILL"));
    for (const name of ["data/postmaster.pid", ".s.PGSQL.5432.lock"]) {
      const file = join(dataDir, "postgres", name);
      writeFileSync(file, readFileSync(file, "utf8").replace(/^\d+/, String(stranger.pid)));
    }
    await untilWhole(await start(dataDir, user));
  });
});

describe("the embedded PostgreSQL of root", () => {
  it.skipIf(!isRoot)("moves to the system's folder where its own user cannot reach Posta's", async () => {
    const closed = dataDirOf({});
    chmodSync(closed, 0o700);
    const cluster = await start(join(closed, "data"));
    await untilWhole(cluster);
    const [, folder] = /PostgreSQL embedded in (\/var\/lib\/posta\/\S+);/.exec(cluster.output()) as unknown as [
      string,
      string,
    ];
    releases.splice(1, 0, () => rmSync(folder, { recursive: true }));
    expect(readdirSync(folder)).toContain("data");
    await cluster.stop();
    await untilWhole(await start(join(closed, "data")));
  });
});

function toObject(pairs: unknown): object {
  const list = pairs as string[];
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])));
}
