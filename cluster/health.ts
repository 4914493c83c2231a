import type { Supervisor } from "./supervisor.js";

type Processes = { pid: number | undefined; serving: boolean }[];

/** What /healthz answers. */
export interface Health {
  status: "OK" | "DEGRADED" | "DOWN";
  servers: Processes;
  deliveries: Processes;
  restarts: number;
}

/** DOWN: a server does not serve. DEGRADED: calls are answered, and what is done in the background has to wait. */
export function healthOf(servers: Supervisor, deliveries: Supervisor): Health {
  const [all, background] = [servers, deliveries].map(({ children }) =>
    [...children].map(({ worker, serving }) => ({ pid: worker.process.pid, serving })),
  ) as [Processes, Processes];
  const isDown = all.length === 0 || all.some(({ serving }) => !serving);
  const isDegraded = background.some(({ serving }) => !serving) || background.length < deliveries.role.count;
  const status = isDown ? "DOWN" : isDegraded ? "DEGRADED" : "OK";
  const restarts = servers.restarts + deliveries.restarts;
  return { status, servers: all, deliveries: background, restarts };
}
