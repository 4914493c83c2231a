import { toMs, type WireJob } from "../wire/messages.js";

/** A job as its handler sees it. JSON is parsed when it is first read. */
export class Job<Data = unknown> {
  readonly id: string;
  /** What kind of work it is. */
  readonly name: string;
  /** How often the job has been begun, this time included. It never goes down: a store can refuse an older attempt. */
  readonly attempt: number;
  /** How many attempts have failed before. */
  readonly attemptsFailed: number;
  /** After how many failed attempts the job fails for good. */
  readonly maxAttempts: number;
  /** How often the job was taken from a worker whose lease had ended. */
  readonly timesLost: number;
  readonly priority: number;
  /** The caller's id of the request that added the job. Empty: it gave none. */
  readonly requestId: string;
  readonly #wire: WireJob;
  #data: { value: Data } | undefined;

  constructor(
    readonly queue: string,
    wire: WireJob,
  ) {
    this.#wire = wire;
    this.id = wire.jobId;
    this.name = wire.name;
    this.attempt = wire.attempt;
    this.attemptsFailed = wire.attemptsFailed;
    this.maxAttempts = wire.maxAttempts;
    this.timesLost = wire.timesLost;
    this.priority = wire.priority;
    this.requestId = wire.requestId;
  }

  /** The payload. */
  get data(): Data {
    this.#data ??= { value: JSON.parse(this.#wire.dataJson) as Data };
    return this.#data.value;
  }

  /** What an earlier attempt reported. */
  get progress(): unknown {
    return JSON.parse(this.#wire.progressJson || "0");
  }

  /** The options that the job was added with, as BullMQ keeps them. */
  get options(): Record<string, unknown> {
    return JSON.parse(this.#wire.optionsJson || "{}");
  }

  /** When the job was added. */
  get createdAt(): Date {
    const { createTime } = this.#wire;
    return new Date(createTime ? toMs(createTime) : 0);
  }
}
