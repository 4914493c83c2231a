import type { Backlog } from "../src/health/backlog.js";
import { type CheckState, type CheckStatus, isWorse, overall } from "../src/health/check.js";
import { Checks } from "../src/health/checks.js";
import { DiskCheck } from "../src/health/disk-check.js";
import type { ToChild } from "./messages.js";
import type { Child, Supervisor } from "./supervisor.js";

const tellEveryMs = 1000;
/** A server tells of itself each second; one that is silent for so long hangs. */
const silentAfterMs = 3000;

/** What /healthz answers. */
export type Health = ReturnType<ClusterHealth["report"]>;

interface Report {
  checks: readonly CheckState[];
  heardAt: number;
}

/** The health of all processes as one: what the primary sees, and what each server last told. Nothing is asked for it. */
export class ClusterHealth {
  private readonly reports = new Map<Child, Report>();
  private readonly disk: DiskCheck;
  private readonly own: Checks;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly servers: Supervisor,
    private readonly deliveries: Supervisor,
    folders: readonly string[],
    private readonly readBacklog: () => Backlog | undefined,
  ) {
    this.disk = new DiskCheck(folders);
    this.own = new Checks([this.disk]);
    servers.on("message", (child, message) => {
      if (message.type === "health") this.reports.set(child, { checks: message.checks, heardAt: Date.now() });
    });
    servers.on("exit", (child) => this.reports.delete(child));
  }

  start(): void {
    this.disk.start();
    this.own.start();
    this.timer = setInterval(() => this.tell(), tellEveryMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.own.stop();
    this.disk.stop();
  }

  /** A server takes calls. */
  get isReady(): boolean {
    return this.servers.servingCount > 0;
  }

  report() {
    const { servers, deliveries } = this;
    const checks = [...this.mergeReports(), ...this.own.states];
    return {
      status: this.judge(overall(checks)),
      checks,
      servers: listOf(servers),
      deliveries: listOf(deliveries),
      restarts: servers.restarts + deliveries.restarts,
    };
  }

  /** DOWN: a server does not serve. DEGRADED: calls are answered, and what is done in the background has to wait. */
  private judge(found: CheckStatus): CheckStatus {
    const { servers, deliveries } = this;
    if (servers.children.size === 0 || servers.servingCount < servers.children.size) return "DOWN";
    return deliveries.servingCount < deliveries.role.count && found === "OK" ? "DEGRADED" : found;
  }

  /** Of each check the server that has it worst. */
  private mergeReports(): CheckState[] {
    const worst = new Map<string, CheckState>();
    for (const [child, report] of this.reports) {
      if (!this.servers.children.has(child)) continue; // It is being stopped, and its checks with it.
      for (const state of toStates(child, report)) {
        const known = worst.get(state.name);
        if (!known || isWorse(state.status, known.status)) worst.set(state.name, state);
      }
    }
    return [...worst.values()];
  }

  private tell(): void {
    const message: ToChild = { type: "facts", facts: { backlog: this.readBacklog(), checks: this.own.states } };
    for (const { worker } of this.servers.children) worker.send(message, () => {}); // One that just died hears nothing.
  }
}

function toStates({ worker }: Child, { checks, heardAt }: Report): CheckState[] {
  const pid = worker.process.pid;
  const silentMs = Date.now() - heardAt;
  return checks.map((state) => {
    if (state.name !== "event-loop" || silentMs < silentAfterMs) {
      return state.status === "OK" ? state : { ...state, detail: `Server ${pid}: ${state.detail}` };
    }
    const detail = `Server ${pid} has not been heard of for ${Math.round(silentMs / 1000)} s.`;
    return { ...state, status: "DOWN", latencyMs: silentMs, since: heardAt, detail };
  });
}

function listOf({ children }: Supervisor) {
  return [...children].map(({ worker, serving }) => ({ pid: worker.process.pid, serving }));
}
