import type { StatusCollector } from "../status/collector.js";
import type { ClusterHealth } from "../status/health.js";
import type { MergedMetrics } from "../status/merge-metrics.js";
import { readStatus } from "../status/status.js";
import { statusText } from "../status/text.js";
import { reply, type Visit } from "./answer.js";
import type { LogLevel } from "./log-level.js";
import type { QueueUi } from "./queue-ui.js";
import { answerPage } from "./status-page.js";

/** A path of the admin port. */
interface Route {
  methods: string[];
  /** true: the route shows nothing confidential, so requests with any Host or Origin are allowed. */
  open?: boolean;
  answer(visit: Visit): void | Promise<void>;
}

/** Routes by path. A path that ends in "/" also covers all paths below it. */
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
    // Live means only that the primary answers. /readyz says whether Posta can work.
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
  // DEGRADED is no failure, so a client that acts on the code alone must not react to it.
  reply(response, body.status === "DOWN" ? 503 : 200, "application/json", `${JSON.stringify(body)}\n`);
}

/** Always answers 200, whatever the state: /status is for people, and /healthz is for probes. */
function answerStatus({ request, response }: Visit, collector: StatusCollector, health: ClusterHealth): void {
  const body = readStatus(collector, health);
  const { searchParams } = new URL(request.url ?? "", "http://admin");
  const asJson = searchParams.get("format") === "json" || /\bapplication\/json\b/.test(request.headers.accept ?? "");
  if (asJson) reply(response, 200, "application/json", `${JSON.stringify(body)}\n`);
  else reply(response, 200, "text/plain; charset=utf-8", statusText(body));
}
