import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { RedisStore } from "../../src/store/redis/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { freePort } from "./posta.js";
import type { Release } from "./releases.js";

export interface TcpRedis {
  pid: number;
  port: number;
  busPort: number;
  dir: string;
  client: Redis;
}

interface TcpOptions {
  password?: string;
  /** Files of a server that takes connections with TLS only. */
  tls?: { ca: string; cert: string; key: string };
  /** The name in the server's certificate, if that is not its address. */
  servername?: string;
}

/** A redis-server on a TCP port, as Sentinels and Clusters need it. */
export async function startTcpRedis(
  releases: Release[],
  args: string[],
  { password, tls, servername }: TcpOptions = {},
): Promise<TcpRedis> {
  const dir = mkdtempSync(join(tmpdir(), "posta-redis-"));
  const port = await freePort();
  // By default a Cluster's bus listens 10,000 ports higher, where another process may have taken its ports.
  const busPort = await freePort();
  const ports = [...portArgs(port, tls), "--cluster-port", String(busPort)];
  const all = [...ports, "--bind", "127.0.0.1", "--dir", dir, "--save", "", ...args];
  const server: ChildProcess = spawn("redis-server", all, { stdio: "ignore" });
  const client = new Redis({
    port,
    host: "127.0.0.1",
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    ...(password ? { password } : {}),
    ...(tls && { tls: clientTls(tls, servername) }),
  });
  client.on("error", () => {});
  releases.push(async () => {
    client.disconnect();
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    server.kill("SIGCONT");
    await gone;
    rmSync(dir, { recursive: true, force: true });
  });
  await client.ping();
  return { pid: server.pid as number, port, busPort, dir, client };
}

function clientTls({ ca, cert, key }: NonNullable<TcpOptions["tls"]>, servername: string | undefined) {
  const files = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
  return { ...files, ...(servername === undefined ? {} : { servername }) };
}

function portArgs(port: number, tls: TcpOptions["tls"]): string[] {
  if (!tls) return ["--port", String(port)];
  const files = ["--tls-ca-cert-file", tls.ca, "--tls-cert-file", tls.cert, "--tls-key-file", tls.key];
  const everywhere = ["--tls-cluster", "yes", "--tls-replication", "yes"];
  return ["--port", "0", "--tls-port", String(port), ...files, ...everywhere];
}

/** A server of a Cluster that has no slots yet. */
export function startNode(releases: Release[], args: string[] = [], options?: TcpOptions): Promise<TcpRedis> {
  const cluster = ["--appendonly", "yes", "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
  return startTcpRedis(releases, [...cluster, ...args], options);
}

/** A Cluster of two servers, of which `own` has the keys of "{bull}". */
export async function startTwoNodes(releases: Release[]) {
  const nodes = await Promise.all([startNode(releases), startNode(releases)]);
  const [first, second] = nodes as [TcpRedis, TcpRedis];
  await first.client.call("CLUSTER", "ADDSLOTSRANGE", "0", "8191");
  await second.client.call("CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
  await second.client.call("CLUSTER", "SET-CONFIG-EPOCH", "2");
  await first.client.call("CLUSTER", "MEET", "127.0.0.1", String(second.port), String(second.busPort));
  for (const { client } of nodes) await untilWhole(client);
  const slot = Number(await first.client.call("CLUSTER", "KEYSLOT", "{bull}"));
  const [own, other] = slot < 8192 ? [first, second] : [second, first];
  return { first, own, other };
}

/** A Sentinel of one master, named "mymaster". Answers its port. `conf` are further lines of its file. */
export async function startSentinel(releases: Release[], master: TcpRedis, conf: string[] = []): Promise<number> {
  const port = await freePort();
  const file = join(master.dir, "sentinel.conf");
  const lines = ["bind 127.0.0.1", `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`, ...conf];
  const hasTls = conf.some((line) => line.startsWith("tls-"));
  writeFileSync(file, `${[...lines, hasTls ? `port 0\ntls-port ${port}` : `port ${port}`].join("\n")}\n`);
  const sentinel = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
  releases.push(async () => {
    const gone = once(sentinel, "exit");
    sentinel.kill("SIGKILL");
    await gone;
  });
  return port;
}

/** Waits until each slot of the Cluster has a server, as this server sees it. */
export async function untilWhole(client: Redis): Promise<void> {
  const state = async () => String(await client.call("CLUSTER", "INFO"));
  await expect.poll(state).toContain("cluster_state:ok");
}

/** A store on a Redis of any form; it is not open yet. */
export function createStore(releases: Release[], url: string, prefix = "{bull}"): RedisStore {
  const options = { url, prefix, variable: "POSTA_QUEUE_REDIS_URL", timeoutMs: 3000, durable: { allowNoAof: false } };
  const store = new RedisStore({ ...options, name: "the queue's store" }, createLog("test", "silent"));
  releases.push(() => store.close());
  return store;
}
