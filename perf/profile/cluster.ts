import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { makeFolderUntilEnd } from "../bench/children.js";
import { emptyRedis } from "../bench/empty-redis.js";
import { takePorts } from "../bench/ports.js";
import { servers, startPosta } from "../bench/processes.js";
import { PerfClient } from "../watch/client.js";
import { type Agent, Agents } from "./agents.js";
import type { findScenario, LoadReport } from "./scenarios.js";

const agent = new URL("./agent.mjs", import.meta.url).href;
/** How long a load may take until the servers feel it, and from what share of their time they do. */
const busy = { timeoutMs: 20_000, loopUse: 0.2 };
/** What a load lasts beyond the time that is looked at: so that it covers it all. */
const marginMs = 1000;
const warmUpSeconds = 3;

/** A private cluster that is profiled under one scenario. */
export class ProfiledCluster {
  private felt: Agent | undefined;

  private constructor(
    private readonly port: number,
    private readonly posta: Awaited<ReturnType<typeof startPosta>>,
    private readonly scenario: ReturnType<typeof findScenario>,
    private readonly listener: Agents,
    private readonly releases: (() => unknown)[],
  ) {}

  /** Starts it and warms it up: what is measured is compiled, and its connections and scripts are there. */
  static async start(scenario: ReturnType<typeof findScenario>): Promise<ProfiledCluster> {
    const releases: (() => unknown)[] = [];
    try {
      const cluster = await ProfiledCluster.open(scenario, releases);
      await cluster.clear();
      await cluster.underLoad(warmUpSeconds, async () => {});
      return cluster;
    } catch (error) {
      await release(releases);
      throw error;
    }
  }

  private static async open(
    scenario: ReturnType<typeof findScenario>,
    releases: (() => unknown)[],
  ): Promise<ProfiledCluster> {
    const dir = makeFolderUntilEnd("posta-profile-");
    releases.push(() => rmSync(dir, { recursive: true, force: true }));
    const socket = join(dir, "agents.sock");
    const listener = new Agents();
    await listener.listen(socket);
    releases.push(() => listener.close());
    const port = await takePorts(3); // gRPC, admin, HTTP.
    const posta = await startPosta(port, ["--import", agent], { PROFILE_SOCKET: socket });
    releases.push(() => posta.stop());
    await listener.untilThere(servers);
    return new ProfiledCluster(port, posta, scenario, listener, releases);
  }

  /** Process id of the primary. */
  get primary(): number {
    return this.posta.pid;
  }

  get agents(): readonly Agent[] {
    return this.listener.all;
  }

  /** The server that the last load kept busiest: it is looked at where one stands for all. */
  get busiest(): Agent {
    if (!this.felt) throw new Error("no load has run yet");
    return this.felt;
  }

  /** Empties Redis, and seeds what the scenarios read. */
  async clear(): Promise<void> {
    const redis = new Redis({ path: this.posta.socket });
    await emptyRedis(redis).finally(() => redis.disconnect());
    const client = new PerfClient(`127.0.0.1:${this.port}`);
    await client.seed().finally(() => client.close());
  }

  /**
   * Does something while the load runs, which lasts for so many seconds from when the servers feel it. Rejects if calls of
   * the load failed, or none was answered, or a server ended: what was seen then is of something else.
   */
  async underLoad<Result>(
    seconds: number,
    work: () => Promise<Result>,
  ): Promise<{ report: LoadReport; result: Result }> {
    const load = this.scenario.run(this.port, { warmupMs: 500, durationMs: seconds * 1000 + marginMs });
    load.catch(() => {}); // Looked at below.
    await Promise.race([this.untilBusy(), load]);
    const result = await work();
    const report = await load;
    if (this.agents.some(({ gone }) => gone)) throw new Error("a server ended under the load; see above");
    if (this.agents.length > servers) throw new Error("a server was restarted under the load; see above");
    if (report.failures > 0)
      throw new Error(`${report.failures} calls of the load failed: this profile is not to be used`);
    if (!(report.perSecond > 0)) throw new Error("no call of the load was answered");
    return { report, result };
  }

  async stop(): Promise<void> {
    await release(this.releases);
  }

  private async untilBusy(): Promise<void> {
    const until = Date.now() + busy.timeoutMs;
    await Promise.all(this.agents.map((each) => each.ask("loop-use")));
    for (;;) {
      await sleep(200);
      const uses = await Promise.all(this.agents.map((each) => each.ask("loop-use")));
      const highest = Math.max(...uses);
      this.felt = this.agents[uses.indexOf(highest)];
      if (highest >= busy.loopUse) return;
      if (Date.now() > until) throw new Error(`the load did not reach the servers in ${busy.timeoutMs / 1000} s`);
    }
  }
}

async function release(releases: (() => unknown)[]): Promise<void> {
  for (const undo of releases.splice(0).reverse()) await undo();
}
