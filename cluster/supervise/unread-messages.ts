import type { Check, Reading } from "../../src/health/check.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import type { Child, Supervisor } from "./supervisor.js";

/** Maximum names in a log line or a health detail. */
const maxNamed = 5;

/**
 * Reports messages of children that this primary cannot read. After a rolling restart, the children's code may be
 * newer. The primary leaves out the unreadable parts. It writes one log line for each process, and health shows the
 * problem as long as the process runs.
 */
export class UnreadMessages implements Check {
  readonly name = "primary-version";
  private readonly unread = new Map<Child, Set<string>>();

  constructor(supervisors: readonly Supervisor[], log: Logger) {
    for (const supervisor of supervisors) {
      supervisor.on("unread", (child, names) => {
        const known = this.unread.get(child);
        if (!known) log.warn(`${supervisor.role.name} ${child.worker.process.pid} ${describe(names)}`);
        this.unread.set(child, new Set([...(known ?? []), ...names].slice(0, maxNamed)));
      });
      supervisor.on("exit", (child) => this.unread.delete(child));
    }
  }

  read(): Reading | undefined {
    const [first] = this.unread;
    if (!first) return undefined;
    const [{ worker }, names] = first;
    return { status: "DEGRADED", detail: `Process ${worker.process.pid} ${describe([...names])}.` };
  }
}

function describe(names: readonly string[]): string {
  const more = names.length > maxNamed ? `, and ${names.length - maxNamed} more` : "";
  return `says what this primary, of another version, cannot read (${names.slice(0, maxNamed).join(", ")}${more}), and which is left out: restart Posta to update the primary`;
}
