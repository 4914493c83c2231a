import { reply, type Visit } from "./admin-answer.js";
import { healthOf } from "./health.js";
import type { LogLevel } from "./log-level.js";
import type { MergedMetrics } from "./merge.js";
import type { QueueUi } from "./queue-ui.js";
import { readStatus } from "./status.js";
import type { StatusCollector } from "./status-collector.js";
import { answerPage } from "./status-page.js";
import { statusText } from "./status-text.js";
import type { Supervisor } from "./supervisor.js";

/** What the admin port answers at a path. */
interface Route {
  methods: string[];
  /** Reading it is for this machine's own pages only; changing anything always is. */
  guarded?: boolean;
  answer(visit: Visit): void | Promise<void>;
}

/** By path; one that ends in "/" is for all paths below it too. */
export type Routes = ReadonlyMap<string, Route>;

/** What the routes show and change. */
export interface AdminParts {
  servers: Supervisor;
  deliveries: Supervisor;
  metrics: MergedMetrics;
  status: StatusCollector;
  logLevel: LogLevel;
  queueUi: QueueUi;
}

export function createRoutes({ servers, deliveries, metrics, status, logLevel, queueUi }: AdminParts): Routes {
  const queues: Route = {
    methods: ["GET", "POST", "PUT", "PATCH"],
    guarded: true,
    answer: (visit) => queueUi.answer(visit),
  };
  return new Map([
    // The primary answers: that is all that "live" says. Whether it can work is for readyz.
    ["/livez", get(({ response }) => reply(response, 200, "text/plain", "ok\n"))],
    ["/readyz", get((visit) => answerReady(visit, servers))],
    ["/healthz", get((visit) => answerHealth(visit, servers, deliveries))],
    ["/metrics", get(async ({ response }) => reply(response, 200, metrics.contentType, await metrics.text()))],
    ["/", get((visit) => answerPage(visit, readStatus(status, servers, deliveries)))],
    ["/status", get((visit) => answerStatus(visit, status, servers, deliveries))],
    ["/log-level", { methods: ["GET", "POST"], answer: (visit) => logLevel.answer(visit) }],
    ["/queues", queues],
    ["/queues/", queues],
  ]);
}

function get(answer: Route["answer"]): Route {
  return { methods: ["GET"], answer };
}

function answerReady({ response }: Visit, servers: Supervisor): void {
  const ready = servers.servingCount > 0;
  reply(response, ready ? 200 : 503, "text/plain", ready ? "ok\n" : "no server is serving\n");
}

function answerHealth({ response }: Visit, servers: Supervisor, deliveries: Supervisor): void {
  const body = healthOf(servers, deliveries);
  reply(response, body.status === "OK" ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
}

/** The status is 200 whatever it says: it is for people, and /healthz for probes. */
function answerStatus(
  { request, response }: Visit,
  collector: StatusCollector,
  servers: Supervisor,
  deliveries: Supervisor,
): void {
  const body = readStatus(collector, servers, deliveries);
  const { searchParams } = new URL(request.url ?? "", "http://admin");
  const asJson = searchParams.get("format") === "json" || /\bapplication\/json\b/.test(request.headers.accept ?? "");
  if (asJson) reply(response, 200, "application/json", `${JSON.stringify(body)}\n`);
  else reply(response, 200, "text/plain; charset=utf-8", statusText(body));
}
