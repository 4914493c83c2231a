import type { SchemaKeeper } from "../background/schema-keeper.js";
import type { Health } from "../grpc/health.js";
import type { ServerHealth } from "../health/server-health.js";
import type { Logger } from "../telemetry/log/log.js";
import type { ProcessEvents } from "./process.js";

/** Which check each service follows. A service that is left out serves while the process lives: for liveness probes. */
type Followed = readonly (readonly [service: string, check: string])[];

/** What a server says of each service, by gRPC health, by its probes, and to its primary. */
export class Serving {
  private awaitsSchema = false;
  private isWithdrawn = false;

  constructor(
    private readonly health: ServerHealth,
    private readonly services: Health,
    private readonly followed: Followed,
    private readonly events: Pick<ProcessEvents, "onServing">,
  ) {}

  /** Sets each service to what its check finds, now and at each change. */
  follow(): void {
    this.health.checks.on("change", () => this.update());
    this.update(); // PostgreSQL may have been checked before.
  }

  /**
   * Serves nothing while the schema is on its way: then probes send no calls here, and do not restart the process. Call
   * this before {@link follow}.
   */
  awaitSchema(schema: SchemaKeeper, log: Logger): void {
    if (!schema.isAwaited) return;
    log.warn(`this server is not ready until the database has its schema: ${schema.state.detail}`);
    this.awaitsSchema = true;
    void schema.untilNotAwaited().then((goesOn) => {
      this.awaitsSchema = !goesOn;
      this.update();
    });
  }

  /** Says from now on that no service serves. Calls are answered as before: balancers must see this first. */
  withdraw(): void {
    this.isWithdrawn = true;
    this.update();
  }

  private update(): void {
    const wasServing = this.services.isServing("");
    const mayServe = !this.awaitsSchema && !this.isWithdrawn;
    for (const [name, check] of this.followed) this.services.set(name, mayServe && this.health.works(check));
    const serving = this.services.isServing("");
    if (serving !== wasServing) this.events.onServing(serving);
  }
}
