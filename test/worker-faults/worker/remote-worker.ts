import { TestClient } from "../../support/client.js";
import { type Held, nameOf } from "./job.js";
import type { Ledger } from "./ledger.js";

/** How long calls and streams may go on over a connection that was given up, in milliseconds. */
const oldMs = 10_000;

/** A worker that talks to Posta over gRPC, with the jobs that it has. */
export abstract class RemoteWorker {
  /** By token. A job stays until its report has a result, or its lease is lost. */
  protected readonly held = new Map<string, Held>();
  protected client: TestClient;
  /** Takes no more jobs. */
  protected isEnding = false;
  protected isOver = false;

  constructor(
    private readonly address: string,
    protected readonly queues: string[],
    protected readonly ledger: Ledger,
  ) {
    this.client = new TestClient(address);
  }

  /** Resolves when the worker has ended. */
  abstract run(): Promise<void>;

  /** Takes no more jobs, finishes those that it has, and ends; in bounded time, also if no server answers. */
  abstract drain(): Promise<void>;

  /** The connection may lead to a process that hangs: what comes next goes by another. */
  protected reconnect(): void {
    const { client } = this;
    this.client = new TestClient(this.address);
    setTimeout(() => client.close(), oldMs).unref();
  }

  /** The job is somebody else's. The report of a job that is done has a verdict of its own. */
  protected lose(token: string): void {
    const held = this.held.get(token);
    if (!held || held.isDone) return;
    this.ledger.write({ ...nameOf(held), what: "lost" });
    this.held.delete(token);
    held.stop.abort("lost");
  }

  protected cancel(token: string): void {
    const held = this.held.get(token);
    if (!held || held.stop.signal.aborted) return;
    this.ledger.write({ ...nameOf(held), what: "cancel" });
    held.stop.abort("cancelled");
  }
}
