import type { GetHealthResponse } from "../gen/posta/health/v1/GetHealthResponse.js";
import type { HealthCheck } from "../gen/posta/health/v1/HealthCheck.js";
import { toDuration, toTimestamp } from "../rpc/contract/times.js";
import type { Adapter } from "../rpc/method.js";
import type { CheckState } from "./check.js";
import type { ServerHealth } from "./server-health.js";

/** The RPC edge of the health: it returns what the checks found last, in the contract's form. */
export function healthHandlers<Handler>(adapter: Adapter<Handler>, health: Pick<ServerHealth, "report">) {
  return {
    GetHealth: adapter.unary(async (): Promise<GetHealthResponse> => {
      const { status, checks } = health.report();
      return { status: `HEALTH_STATUS_${status}`, checks: checks.map(toCheck) };
    }),
  };
}

function toCheck({ name, status, latencyMs, since, detail }: CheckState): HealthCheck {
  const latency = latencyMs === undefined ? null : toDuration(latencyMs);
  return { name, status: `HEALTH_STATUS_${status}`, latency, since: toTimestamp(since), detail };
}
