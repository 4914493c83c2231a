import { describe, expect, it } from "vitest";
import { checklist } from "../../cluster/status/checklist.js";
import { judge } from "../../cluster/status/figure.js";
import { takeSample } from "../../cluster/status/sample.js";
import { workersOf } from "../../cluster/status/status.js";
import { errorRuleOf, readTargets } from "../../cluster/status/targets.js";
import { StatusWindow } from "../../cluster/status/window.js";
import type { MetricsSnapshot } from "../../cluster/supervise/messages.js";

const targets = readTargets();

describe("the status' error rate", () => {
  const name = "grpc_server_handling_seconds";
  const ended = (service: string, code: string, value: number, type = "unary") => ({
    metricName: `${name}_count`,
    labels: { grpc_service: service, grpc_method: "M", grpc_code: code, grpc_type: type },
    value,
  });

  it("counts what slo/targets.json says: Posta's services, and the codes that say that it failed", () => {
    const queue = "posta.queue.v1.QueueService";
    const values = [
      ended(queue, "OK", 90),
      ended(queue, "UNAVAILABLE", 5),
      ended(queue, "RESOURCE_EXHAUSTED", 3),
      ended(queue, "INVALID_ARGUMENT", 1),
      // A server ends its streams so when it stops.
      ended(queue, "UNAVAILABLE", 1, "bidi_stream"),
      ended("grpc.health.v1.Health", "UNAVAILABLE", 50),
    ];
    const merged = [{ name, type: "histogram", help: "", values }] as unknown as MetricsSnapshot;
    const { methods } = takeSample(merged, 0, errorRuleOf(targets));
    expect([...methods]).toMatchObject([["QueueService/M", { count: 100, failed: 5 }]]);
  });
});

describe("the status' workers", () => {
  const snapshot = (counts: Record<string, [labels: object, value: number][]>) =>
    Object.entries(counts).map(([name, values]) => ({
      ...{ name, help: "", type: "counter", aggregator: "sum" },
      values: values.map(([labels, value]) => ({ labels, value })),
    })) as unknown as MetricsSnapshot;
  const work = (leased: number, lost: number, settled: Record<string, number>) =>
    snapshot({
      posta_work_leased_total: [[{}, leased]],
      posta_work_lost_total: [[{}, lost]],
      posta_work_settled_total: Object.entries(settled).map(([outcome, value]) => [{ outcome }, value]),
      posta_deliveries: [[{}, 1]],
    });
  const rule = errorRuleOf(targets);

  it("are rates of the window, and what ends an attempt counts as finished", () => {
    const window = new StatusWindow();
    const last = work(160, 9, { complete: 70, fail: 25, cancelled: 5, release: 8, postpone: 9, "rate-limited": 3 });
    window.add(takeSample(work(100, 5, { complete: 40, fail: 10 }), 1000, rule), false);
    window.add(takeSample(last, 11_000, rule), false);
    expect(workersOf({ window, snapshot: last })).toMatchObject({ leasedPerSecond: 6, finishedPerSecond: 5, lost: 4 });
  });

  it("tell of no lost leases where another Posta runs the delivery process", () => {
    const window = new StatusWindow();
    expect(workersOf({ window, snapshot: snapshot({ posta_deliveries: [[{}, 0]] }) })).not.toHaveProperty("lost");
  });
});

describe("the status' checklist", () => {
  const now = 1_764_000_000_000;
  const figureOf = (item: string, gauges: Record<string, [labels: object, value: number][]>) => {
    const merged = Object.entries(gauges).map(([name, values]) => ({
      ...{ name, help: "", type: "gauge", aggregator: "sum" },
      values: values.map(([labels, value]) => ({ labels, value })),
    })) as unknown as MetricsSnapshot;
    const items = checklist({ window: new StatusWindow(), merged, ageMs: 0, now, targets });
    return items.find(({ name }) => name === item)?.figures[0];
  };

  it("takes no job of a paused queue for one that could run", () => {
    const figure = figureOf("Queue depths", {
      posta_queue_oldest_due_age_seconds: [
        [{ queue: "paused" }, 86_400],
        [{ queue: "runs" }, 2],
      ],
      posta_queue_paused: [[{ queue: "paused" }, 1]],
      posta_queue_metrics_timestamp_seconds: [[{}, now / 1000]],
    });
    expect(figure).toMatchObject({ state: "OK", value: 2 });
  });

  it("measures no share of a limit that a Redis does not tell", () => {
    const figure = figureOf("Redis memory", {
      posta_redis_memory_used_bytes: [[{ store: "redis-queue" }, 5 * 2 ** 20]],
      posta_redis_metrics_timestamp_seconds: [[{ store: "redis-queue" }, now / 1000]],
    });
    expect(figure).toMatchObject({ state: "NOT MEASURED", detail: "5 MiB of an unknown limit" });
  });
});

describe("a figure", () => {
  const reading = (value: number | undefined, ageMs = 0) => ({ value, detail: "", ageMs });

  it("is judged by its target, or by so many times as much", () => {
    const { objective = 0, critical = 0 } = targets.get("memory") ?? {};
    expect(judge(targets, "memory", reading(objective))).toMatchObject({ state: "OK", objective });
    expect(judge(targets, "memory", reading(objective + 1)).state).toBe("WARN");
    expect(judge(targets, "memory", reading(critical + 1)).state).toBe("CRITICAL");
    const large = judge(targets, "memory", reading(critical + 1), 4);
    expect(large).toMatchObject({ state: "OK", objective: 4 * objective, critical: 4 * critical });
  });

  it("is stale when it is old, and not measured when there is none", () => {
    expect(judge(targets, "memory", reading(1, 20_000)).state).toBe("STALE");
    expect(judge(targets, "memory", reading(undefined)).state).toBe("NOT MEASURED");
  });
});
