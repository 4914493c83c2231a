import type { Leader } from "../../background/leader.js";
import { Loop } from "../../background/loop.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { DeliveryMetrics } from "../delivery/delivery-metrics.js";
import type { Mover } from "./move.js";
import { OutboxLeader } from "./outbox-leader.js";
import type { Sweep } from "./sweep.js";

/** New messages are told of; what becomes due is found by looking. */
const moveTimes = { name: "outbox", everyMs: 500, retryMs: 500 };
const sweepTimes = { name: "sweep of the messages", everyMs: 5000, retryMs: 1000 };
/** After PostgreSQL was away, those who know what became of a message have so long to tell. */
const graceMs = 5000;

/** What one process does for all: it moves what is due, and sweeps up. Without a mover it only sweeps. */
export class OutboxLoops {
  private readonly leader: OutboxLeader;
  private readonly moving: Loop;
  private readonly sweeping: Loop;
  private stopping = false;

  constructor(
    leader: Leader,
    private readonly mover: Mover | undefined,
    private readonly sweep: Sweep,
    private readonly metrics: DeliveryMetrics,
    log: Logger,
  ) {
    this.moving = new Loop(moveTimes, log, () => this.move());
    this.sweeping = new Loop(sweepTimes, log, () => this.sweepUp());
    this.leader = new OutboxLeader(leader, () => this.moving.wake());
  }

  start(): void {
    if (this.mover) this.moving.start();
    this.sweeping.start();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.moving.stop(), this.sweeping.stop()]);
    await this.leader.resign();
  }

  private async move(): Promise<void> {
    if (!(await this.leader.leads())) return;
    while ((await this.mover?.moveDue()) && !this.stopping) {}
  }

  private async sweepUp(): Promise<void> {
    if (!(await this.leader.leads())) return this.metrics.outboxIsOthers();
    const steps = [
      () => this.sweep.measure(),
      () => (this.leader.ledForMs > graceMs ? this.sweep.settleLost() : undefined),
      () => this.sweep.expire(),
      () => this.sweep.forget(),
      () => this.mover?.moveForgotten(),
    ];
    let failure: unknown;
    for (const step of steps) {
      // One that fails, as it takes too long, keeps no other from being done.
      await Promise.resolve(step()).catch((error) => {
        failure ??= error;
      });
    }
    if (failure) throw failure;
  }
}
