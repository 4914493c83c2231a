import type { Backlog } from "../../src/health/backlog.js";
import { type CheckState, type CheckStatus, isWorse } from "../../src/health/check.js";
import { Checks } from "../../src/health/checks.js";
import { DiskCheck } from "../../src/health/disk-check.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import type { ToChild } from "../supervise/messages.js";
import { RollCheck } from "../supervise/roll-check.js";
import type { Child, Supervisor } from "../supervise/supervisor.js";
import { UnreadMessages } from "../supervise/unread-messages.js";

const tellEveryMs = 1000;

/** What /healthz answers. */
export type Health = ReturnType<ClusterHealth["report"]>;

/** The health of the whole cluster: the primary's own checks, and each server's last report. Asks no process for it. */
export class ClusterHealth {
  /** Each server's last report. */
  private readonly reports = new Map<Child, readonly CheckState[]>();
  private readonly disk: DiskCheck;
  private readonly own: Checks;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly servers: Supervisor,
    private readonly deliveries: Supervisor,
    folders: readonly string[],
    private readonly readBacklog: () => Backlog | undefined,
    log: Logger,
  ) {
    this.disk = new DiskCheck(folders);
    const all = [servers, deliveries];
    this.own = new Checks([this.disk, new RollCheck(all), new UnreadMessages(all, log)]);
    servers.on("message", (child, message) => {
      if (message.type === "health") this.reports.set(child, message.checks);
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

  /** Whether at least one server accepts calls. */
  get isReady(): boolean {
    return this.servers.servingCount > 0;
  }

  report() {
    const { servers, deliveries } = this;
    const checks = [...this.mergeReports(), ...this.own.states];
    return {
      status: this.judge(checks),
      checks,
      servers: listOf(servers),
      deliveries: listOf(deliveries),
      restarts: servers.restarts + deliveries.restarts,
    };
  }

  /**
   * DOWN: no server accepts calls. DEGRADED: calls are answered, but too few processes serve, or a check is not OK. A
   * new process of a rolling restart does not make the state DEGRADED, because only the number of serving processes
   * counts.
   */
  private judge(checks: readonly CheckState[]): CheckStatus {
    const { servers, deliveries } = this;
    if (!this.isReady) return "DOWN";
    const isWhole = [servers, deliveries].every(({ servingCount, role }) => servingCount >= role.count);
    return isWhole && checks.every(({ status }) => status === "OK") ? "OK" : "DEGRADED";
  }

  /** For each check, takes the worst state of all servers. A hanging server's last report is not used as its state. */
  private mergeReports(): CheckState[] {
    const worst = new Map<string, CheckState>();
    const take = (state: CheckState) => {
      const known = worst.get(state.name);
      if (!known || isWorse(state.status, known.status)) worst.set(state.name, state);
    };
    // Ignore a server that is stopping. Ignore a server on trial, because its start may still fail.
    const reports = [...this.reports].filter(([child]) => this.servers.children.has(child) && !child.onTrial);
    const isHeard = ([child]: [Child, unknown]) => !this.servers.isSilent(child);
    for (const [{ worker }, checks] of reports.filter(isHeard)) {
      for (const state of checks) take(withServer(state, worker.process.pid));
    }
    for (const [child, checks] of reports.filter((report) => !isHeard(report))) {
      for (const state of checks)
        if (state.name === "event-loop" || !worst.has(state.name)) take(toSilent(state, child));
    }
    return [...worst.values()];
  }

  /** Sends facts to the servers, but not to hanging ones: unread messages would pile up. */
  private tell(): void {
    const { servers } = this;
    const message: ToChild = { type: "facts", facts: { backlog: this.readBacklog(), checks: this.own.states } };
    for (const child of servers.children) {
      if (!servers.isSilent(child)) child.worker.send(message, () => {}); // A child that just died receives nothing.
    }
  }
}

function withServer(state: CheckState, pid: number | undefined): CheckState {
  return state.status === "OK" ? state : { ...state, detail: `Server ${pid}: ${state.detail}` };
}

/** The state of a check of a silent server. Only the silence itself is known; the check's real state is unknown. */
function toSilent({ name, latencyMs }: CheckState, { worker, heardAt }: Child): CheckState {
  const silentMs = Math.round(performance.now() - heardAt);
  const since = Date.now() - silentMs;
  const silent = `Server ${worker.process.pid} has not been heard of for ${Math.round(silentMs / 1000)} s`;
  if (name === "event-loop") return { name, status: "DOWN", latencyMs: silentMs, since, detail: `${silent}.` };
  return { name, status: "DEGRADED", latencyMs, since, detail: `Not known: ${silent}.` };
}

function listOf(supervisor: Supervisor) {
  return [...supervisor.children].map((child) => ({
    pid: child.worker.process.pid,
    serving: supervisor.serves(child),
  }));
}
