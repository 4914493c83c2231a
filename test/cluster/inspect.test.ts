import { describe, expect, inject, it } from "vitest";
import { freshPrefix, startCluster, type TestCluster } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

async function start(env: Record<string, string> = {}): Promise<TestCluster> {
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_QUEUE_PREFIX: freshPrefix(),
    ...env,
  });
  releases.push(() => cluster.stop());
  return cluster;
}

/** Where inspectors listen, once so many said it. */
async function untilInspectors(count: number, cluster: TestCluster): Promise<URL[]> {
  await cluster.untilOutput(new RegExp(`(Debugger listening on [^]*){${count}}`));
  return inspectorsOf(cluster);
}

function inspectorsOf(cluster: TestCluster): URL[] {
  return [...cluster.output().matchAll(/^Debugger listening on (ws:\S+)/gm)].map(([, url]) => new URL(url as string));
}

/** What an inspector says of itself: the first step of every DevTools session. */
async function targetsOf({ host }: URL): Promise<{ webSocketDebuggerUrl: string; url: string }[]> {
  return (await fetch(`http://${host}/json/list`)).json() as never;
}

describe("POSTA_INSPECT=1", () => {
  it("opens an inspector on each server, on loopback and a port of its own, and none on the primary", async () => {
    const inspectors = await untilInspectors(2, await start({ POSTA_INSPECT: "1" }));
    expect(inspectors).toHaveLength(2);
    expect(new Set(inspectors.map(({ port }) => port)).size).toBe(2);
    for (const inspector of inspectors) {
      expect(inspector.hostname).toBe("127.0.0.1");
      const [target] = await targetsOf(inspector);
      expect(target?.webSocketDebuggerUrl).toBe(inspector.href);
      expect(target?.url).toMatch(/cluster\/main\.js$/);
    }
  });

  it("gives the servers of a rolling restart their own, while the old ones still have theirs", async () => {
    const cluster = await start({ POSTA_INSPECT: "1" });
    cluster.process.kill("SIGHUP");
    await cluster.untilOutput(/rolling restart: done \(server processes\)/);
    const inspectors = await untilInspectors(4, cluster);
    expect(inspectors).toHaveLength(4);
    const answers = await Promise.allSettled(inspectors.map(targetsOf));
    expect(answers.slice(2).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  });

  it("is off unless it is asked for", async () => {
    expect(inspectorsOf(await start())).toEqual([]);
  });
});
