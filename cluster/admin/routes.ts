import type { StatusCollector } from "../status/collector.js";
import type { ClusterHealth } from "../status/health.js";
import type { MergedMetrics } from "../status/merge-metrics.js";
import { readStatus } from "../status/status.js";
import { statusText } from "../status/text.js";
import { reply, type Visit } from "./answer.js";
import type { LogLevel } from "./log-level.js";
import type { QueueUi } from "./queue-ui.js";
import { answerPage } from "./status-page.js";

/** What the admin port answers at a path. */
interface Route {
  methods: string[];
  /** It shows nothing that others may not know: whoever reaches the port may ask, by any name. */
  open?: boolean;
  answer(visit: Visit): void | Promise<void>;
}

/** By path; one that ends in "/" is for all paths below it too. */
export type Routes = ReadonlyMap<string, Route>;

/** What the routes show and change. */
export interface AdminParts {
  health: ClusterHealth;
  metrics: MergedMetrics;
  status: StatusCollector;
  logLevel: LogLevel;
  queueUi: QueueUi;
}

export function createRoutes({ health, metrics, status, logLevel, queueUi }: AdminParts): Routes {
  const queues: Route = {
    methods: ["GET", "POST", "PUT", "PATCH"],
    answer: (visit) => queueUi.answer(visit),
  };
  return new Map([
    // The primary answers: that is all that "live" says. Whether it can work is for readyz.
    ["/livez", { ...get(({ response }) => reply(response, 200, "text/plain", "ok\n")), open: true }],
    ["/readyz", { ...get((visit) => answerReady(visit, health)), open: true }],
    ["/healthz", get((visit) => answerHealth(visit, health))],
    ["/metrics", get(async ({ response }) => reply(response, 200, metrics.contentType, await metrics.text()))],
    ["/", get((visit) => answerPage(visit, readStatus(status, health)))],
    ["/status", get((visit) => answerStatus(visit, status, health))],
    ["/log-level", { methods: ["GET", "POST"], answer: (visit) => logLevel.answer(visit) }],
    ["/queues", queues],
    ["/queues/", queues],
  ]);
}

function get(answer: Route["answer"]): Route {
  return { methods: ["GET"], answer };
}

function answerReady({ response }: Visit, health: ClusterHealth): void {
  const ready = health.isReady;
  reply(response, ready ? 200 : 503, "text/plain", ready ? "ok\n" : "no server is serving\n");
}

function answerHealth({ response }: Visit, health: ClusterHealth): void {
  const body = health.report();
  // DEGRADED is no failure: whoever acts by the code alone must not act on it.
  reply(response, body.status === "DOWN" ? 503 : 200, "application/json", `${JSON.stringify(body)}\n`);
}

/** The status is 200 whatever it says: it is for people, and /healthz for probes. */
function answerStatus({ request, response }: Visit, collector: StatusCollector, health: ClusterHealth): void {
  const body = readStatus(collector, health);
  const { searchParams } = new URL(request.url ?? "", "http://admin");
  const asJson = searchParams.get("format") === "json" || /\bapplication\/json\b/.test(request.headers.accept ?? "");
  if (asJson) reply(response, 200, "application/json", `${JSON.stringify(body)}\n`);
  else reply(response, 200, "text/plain; charset=utf-8", statusText(body));
}
