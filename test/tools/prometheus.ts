import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { freePort } from "../support/posta.js";
import { toolEnv } from "./tools.js";

/** What its HTTP API answers, as far as it is looked at. */
export interface Answer {
  status: string;
  error?: string;
  data: {
    activeTargets: { health: string; lastError: string; lastScrapeDuration: number }[];
    groups: { name: string; rules: { name: string; health: string; lastError?: string }[] }[];
    result: { value: [number, string] }[];
  };
}

export type Prometheus = Awaited<ReturnType<typeof startPrometheus>>;

/**
 * A Prometheus with the example's settings and rules, but for the address and the times: a test has no quarter of a minute for
 * each scrape.
 */
export async function startPrometheus(host: string) {
  const folder = mkdtempSync(join(tmpdir(), "posta-prometheus-"));
  cpSync("deploy/prometheus", folder, { recursive: true });
  const config = readFileSync(join(folder, "prometheus.yml"), "utf8");
  const quick = config.replaceAll("15s", "1s").replaceAll(" 5s", " 1s").replace("127.0.0.1:9464", host);
  writeFileSync(join(folder, "prometheus.yml"), quick);
  const address = `127.0.0.1:${await freePort()}`;
  const args = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=${address}`];
  const child = spawn("prometheus", args, { cwd: folder, env: toolEnv(), stdio: "ignore" });
  const isReady = () =>
    fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await vi.waitFor(async () => expect(await isReady()).toBe(true), { timeout: 20_000, interval: 50 });

  async function ask(path: string): Promise<Answer> {
    return (await fetch(`http://${address}/api/v1/${path}`)).json() as Promise<Answer>;
  }
  async function query(expr: string): Promise<Answer["data"]["result"]> {
    const { status, error, data } = await ask(`query?query=${encodeURIComponent(expr)}`);
    if (status !== "success") throw new Error(`${expr}: ${error}`);
    return data.result;
  }
  return {
    ask,
    query,
    /** Of the first series; NaN if there is none. */
    valueOf: async (expr: string) => Number((await query(expr))[0]?.value[1] ?? Number.NaN),
    async stop() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}
