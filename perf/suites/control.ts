import { runAutocannon } from "../autocannon/autocannon.js";
import { runGhz } from "../ghz/ghz.js";
import { measure, type Plan } from "../judge/measure.js";
import type { Percentiles } from "../judge/verdict.js";
import type { LoadContext, LoadResult } from "./load.js";
import type { Scenario } from "./scenario.js";

/** Servers that do nothing, in as many processes as the service has: what a machine takes by itself for a load. */
export interface BareServers {
  pid: number;
  /** host:port of an empty gRPC call, grpc.health.v1.Health/Check. */
  grpc: string;
  /** Base address of an HTTP server that answers {} to everything. */
  http: string;
}

/** A control takes this share of its load's time, within the bounds. */
const share = 1 / 6;
const seconds = { least: 1, most: 5 };
const warmupSeconds = 0.5;

/** Makes loads, each between two controls: the same generator, rate and connections against bare servers, alone. */
export class Controls {
  /** The control that ran last, if nothing but it ran since. The control after a load is the one before the next like it. */
  private last: { key: string; latency: Percentiles } | undefined;

  constructor(
    private readonly context: LoadContext,
    private readonly bare: BareServers,
  ) {}

  /** Makes a load between two controls. Answers its result with theirs. */
  async between(scenario: Scenario, load: () => Promise<LoadResult[]>): Promise<LoadResult> {
    const key = `${scenario.tool} ${scenario.rate} ${scenario.connections}`;
    const before = this.last?.key === key ? this.last.latency : await this.run(scenario);
    const [result] = (await load()) as [LoadResult];
    const after = await this.run(scenario);
    this.last = { key, latency: after };
    return { ...result, control: { before, after } };
  }

  /** Says that something else has run since the last control. */
  forget(): void {
    this.last = undefined;
  }

  private async run(scenario: Scenario): Promise<Percentiles> {
    const { rate, connections } = scenario;
    const plan: Plan & { connections: number } = {
      rate,
      connections,
      seconds: Math.min(seconds.most, Math.max(seconds.least, scenario.seconds * share)),
      warmupSeconds,
    };
    const { latencyMs, failed, errors } = measure(await this.makeCalls(scenario, plan), plan);
    if (failed > 0) throw new Error(`the control of ${scenario.name} failed: ${Object.keys(errors)[0]}`);
    return latencyMs;
  }

  private makeCalls({ tool }: Scenario, plan: Plan & { connections: number }) {
    const { folder } = this.context;
    if (tool === "ghz") {
      const call = "grpc.health.v1.Health/Check";
      const output = `${folder}/ghz-control.json`;
      return runGhz({ ...plan, call, payloads: "check.json", target: this.bare.grpc, output });
    }
    return runAutocannon({
      url: this.bare.http,
      method: "POST",
      bodies: ["{}"],
      connections: plan.connections,
      rate: plan.rate,
      seconds: plan.seconds + plan.warmupSeconds,
    });
  }
}
