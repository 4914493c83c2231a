import { type Config, settings } from "../../src/config/settings.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import type { ToChild } from "../supervise/messages.js";
import type { Supervisor } from "../supervise/supervisor.js";
import { reply, type Visit } from "./answer.js";

/** The log level of all processes. A change applies while they run. The next start uses POSTA_LOG_LEVEL again. */
export class LogLevel {
  constructor(
    private readonly log: Logger,
    private readonly supervisors: Supervisor[],
  ) {}

  /** GET answers the level. POST changes it: POST /log-level?level=debug, or with the level as body. */
  async answer({ request, response, readBody }: Visit): Promise<void> {
    if (request.method === "POST") {
      const { searchParams } = new URL(request.url ?? "", "http://admin");
      const result = settings.logLevel.schema.safeParse(searchParams.get("level") ?? (await readBody()).trim());
      if (!result.success) {
        reply(response, 400, "text/plain", `level: ${result.error.issues[0]?.message}\n`);
        return;
      }
      this.set(result.data);
    }
    reply(response, 200, "text/plain", `${this.log.level}\n`);
  }

  private set(level: Config["logLevel"]): void {
    const before = this.log.level;
    this.log.level = level;
    const order: ToChild = { type: "log-level", level };
    for (const { children, role } of this.supervisors) {
      for (const { worker } of children) worker.send(order, () => {}); // A child that just died logs nothing.
      role.env.POSTA_LOG_LEVEL = level; // For children that start later.
    }
    if (before !== level) this.log.warn(`the log's level was ${before}, and is ${level} from now on`);
  }
}
