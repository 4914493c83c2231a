import { type MethodDefinition, status } from "@grpc/grpc-js";
import type { Registry } from "prom-client";
import { registerCounts } from "../telemetry/metrics/counters.js";
import { Distribution, registerDistributions } from "../telemetry/metrics/histogram.js";

/**
 * Upper bounds of the latency histogram, in seconds. They are fine between 1 and 100 ms, where the targets lie. Each
 * latency objective in slo/targets.json must be one of these bounds, because the alerts count the calls beyond the
 * objective.
 */
const bounds = [
  0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2.5,
  5, 10,
];

/** The calls of one method that ended with one code. */
class Handled {
  readonly seconds: Distribution;

  constructor(readonly labels: Record<string, string>) {
    this.seconds = new Distribution(bounds, labels);
  }
}

/**
 * Counts the calls of one method. Every call passes here, so the counters are plain fields, and prom-client reads them
 * only at a scrape.
 */
export class MethodMetrics {
  started = 0;
  readonly handled: (Handled | undefined)[] = [];

  constructor(
    readonly labels: Record<string, string>,
    private readonly codeLabel: string,
  ) {}

  finish(code: status, elapsedMs: number): void {
    this.handled[code] ??= new Handled({ ...this.labels, [this.codeLabel]: status[code] });
    this.handled[code].seconds.add(elapsedMs / 1000);
  }
}

/** What the metrics need of a method, whatever its message types. */
type Method = Pick<MethodDefinition<unknown, unknown>, "path" | "requestStream" | "responseStream">;

/**
 * The three metrics that go-grpc-prometheus made standard, by service, method and code. `transport` is the prefix of
 * the metrics' names and of their labels' names.
 */
export class CallMetrics {
  private readonly methods = new Map<string, MethodMetrics>();

  constructor(
    registry: Registry,
    private readonly transport: "grpc" | "connect",
  ) {
    const { methods } = this;
    const started = { name: `${transport}_server_started_total`, help: "Calls begun." };
    registerCounts(registry, started, () => {
      return [...methods.values()].map(({ labels, started }) => ({ labels, value: started }));
    });
    const allHandled = () =>
      [...methods.values()].flatMap((method) => method.handled.filter((row) => row !== undefined));
    const handled = { name: `${transport}_server_handled_total`, help: "Calls ended, by code." };
    registerCounts(registry, handled, () => {
      return allHandled().map(({ labels, seconds }) => ({ labels, value: seconds.count }));
    });
    const latency = { name: `${transport}_server_handling_seconds`, help: "Time from a call's headers to its status." };
    registerDistributions(registry, latency, () => allHandled().map(({ seconds }) => seconds));
  }

  /** The counters of a method. Their number is bounded by the methods of the contract. */
  of(method: Method): MethodMetrics {
    let found = this.methods.get(method.path);
    if (!found) {
      const { transport } = this;
      const [, service = "", name = ""] = method.path.split("/");
      const labels = {
        [`${transport}_type`]: typeOf(method),
        [`${transport}_service`]: service,
        [`${transport}_method`]: name,
      };
      found = new MethodMetrics(labels, `${transport}_code`);
      this.methods.set(method.path, found);
    }
    return found;
  }
}

function typeOf(method: Method): string {
  if (method.requestStream) return method.responseStream ? "bidi_stream" : "client_stream";
  return method.responseStream ? "server_stream" : "unary";
}
