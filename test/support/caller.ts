import { setTimeout as sleep } from "node:timers/promises";
import { TestClient } from "./client.js";

/** A caller connects anew after so many calls: so that each process is met, new ones too. */
const callsOfClient = 20;
const pauseMs = 10;

const calls = [
  ["posta.message.v1.MessageService", "SendMessage", { message: { to: "+34600111222", text: { body: "hello" } } }],
  ["posta.queue.v1.QueueService", "AddJob", { queue: "roll", job: { name: "n" } }],
  ["posta.analytics.v1.AnalyticsService", "TrackEvent", { event: { name: "roll" } }],
] as const;

/** Sends messages, jobs and events, some callers at a time, until it is stopped. */
export class Callers {
  /** Answered calls by method. */
  readonly answered: Record<string, number> = {};
  readonly failures: string[] = [];
  private running = true;
  private readonly all: Promise<unknown>;

  constructor(address: string, count = 3) {
    this.all = Promise.all(Array.from({ length: count }, () => this.run(address)));
  }

  get total(): number {
    return Object.values(this.answered).reduce((sum, each) => sum + each, 0);
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.all;
  }

  private async run(address: string): Promise<void> {
    while (this.running) {
      const client = new TestClient(address);
      for (let call = 0; call < callsOfClient && this.running; call += 1) await this.callEach(client);
      client.close();
    }
  }

  private async callEach(client: TestClient): Promise<void> {
    for (const [service, method, request] of calls) {
      await client.call(service, method, request, { deadlineMs: 20_000 }).then(
        () => {
          this.answered[method] = (this.answered[method] ?? 0) + 1;
        },
        (error: Error) => this.failures.push(`${method}: ${error.message}`),
      );
      await sleep(pauseMs);
    }
  }
}
