import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { type Change, sign, toBody } from "./webhook-body.js";

export interface WebhookTarget {
  /** Where webhooks go: "http://127.0.0.1:8080/webhooks/whatsapp". */
  url: string;
  /** The app's secret. */
  secret: string;
  /** Changes of a number that are put into one webhook, at most; 1 by default, as it mostly is. */
  batch?: number;
  /** First wait before a webhook that got no 2xx is sent again; each wait is twice the one before, up to 5 s. */
  retryMs?: number;
  /** Told when a webhook gets no 2xx. */
  onFailure?: (reason: string) => void;
}

const connections = 16;
const maxRetryMs = 5000;

/** Sends webhooks, each until it gets a 2xx. */
export class WebhookSender {
  private readonly agent = new Agent({ connections });
  private readonly stopping = new AbortController();
  private readonly waiting: Change[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly target: WebhookTarget) {}

  /** How many changes have not been told yet. */
  get pending(): number {
    return this.waiting.length + this.running.size;
  }

  send(change: Change): void {
    this.waiting.push(change);
    this.fill();
  }

  async stop(): Promise<void> {
    this.waiting.length = 0;
    this.stopping.abort();
    await this.agent.destroy();
    await Promise.all(this.running);
  }

  private fill(): void {
    while (this.waiting.length > 0 && this.running.size < connections && !this.stopping.signal.aborted) {
      const work = this.deliver(toBody(this.nextBatch())).finally(() => {
        this.running.delete(work);
        this.fill();
      });
      this.running.add(work);
    }
  }

  private nextBatch(): Change[] {
    const { batch = 1 } = this.target;
    const sender = this.waiting[0]?.sender;
    let size = 1;
    while (size < batch && this.waiting[size]?.sender === sender) size += 1;
    return this.waiting.splice(0, size);
  }

  private async deliver(body: Buffer): Promise<void> {
    const { signal } = this.stopping;
    let wait = this.target.retryMs ?? 100;
    while (!signal.aborted && !(await this.post(body))) {
      await sleep(wait, undefined, { signal }).catch(() => {}); // Told to stop.
      wait = Math.min(wait * 2, maxRetryMs);
    }
  }

  private async post(body: Buffer): Promise<boolean> {
    const { url, secret, onFailure } = this.target;
    const headers = { "content-type": "application/json", "x-hub-signature-256": sign(body, secret) };
    try {
      const answer = await request(url, { method: "POST", body, headers, dispatcher: this.agent });
      await answer.body.dump();
      if (answer.statusCode >= 200 && answer.statusCode < 300) return true;
      onFailure?.(`HTTP ${answer.statusCode}`);
    } catch (error) {
      if (!this.stopping.signal.aborted) onFailure?.((error as Error).message);
    }
    return false;
  }
}
