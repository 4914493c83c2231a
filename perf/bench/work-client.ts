import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { loadMethod } from "./contract.js";

const workerService = "posta.queue.v1.WorkerService";
const work = loadMethod(workerService, "Work");

export interface LeasedJob {
  jobId: string;
  leaseToken: string;
}

interface Answer {
  message: string;
  assign: { sequence: number; jobs: LeasedJob[] };
  acks: { acks: { result: { verdict: string } }[] };
}

/** A connection of its own: a subchannel pool of its own makes one. */
export function connect(port: number): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
}

export interface Handlers {
  /** Gets jobs; answers those that are done at once. */
  onJobs(jobs: LeasedJob[]): LeasedJob[];
  onAcked?(applied: number): void;
  /** The session failed. */
  onError?(error: Error): void;
}

/** A worker's session that takes up to `maxInFlight` jobs of a queue, and acknowledges what it gets. */
export class WorkClient {
  private readonly stream: ClientDuplexStream<object, Answer>;
  private acked = 0;

  constructor(
    client: Client,
    private readonly queue: string,
    maxInFlight: number,
    private readonly handlers: Handlers,
    hello: object = {},
  ) {
    this.stream = client.makeBidiStreamRequest(work.path, work.requestSerialize, work.responseDeserialize);
    this.stream.on("data", (answer: Answer) => this.take(answer));
    this.stream.on("error", (error) => handlers.onError?.(error));
    this.stream.write({ hello: { worker: "bench", credits: [{ queue, maxInFlight }], ...hello } });
  }

  heartbeat(): void {
    this.stream.write({ heartbeat: { ackSequence: this.acked } });
  }

  complete(jobs: LeasedJob[]): void {
    const reports = jobs.map(({ jobId, leaseToken }) => ({
      reportId: 0,
      queue: this.queue,
      report: { jobId, leaseToken, complete: {} },
    }));
    this.stream.write({ reports: { reports } });
  }

  /** Ends the session by itself, as a worker does that stops. */
  end(): void {
    this.stream.end();
  }

  /** Breaks the stream, as the death of the worker does. */
  cut(): void {
    this.stream.cancel();
  }

  private take(answer: Answer): void {
    if (answer.message === "acks") {
      const applied = answer.acks.acks.filter(({ result }) => result.verdict === "REPORT_VERDICT_APPLIED");
      this.handlers.onAcked?.(applied.length);
    }
    if (answer.message !== "assign") return;
    this.acked = answer.assign.sequence;
    const done = this.handlers.onJobs(answer.assign.jobs);
    if (done.length > 0) this.complete(done);
  }
}
