import type { Redis } from "ioredis";

/** A command with its arguments: ["set", "key", "value"]. */
export type Command = [name: string, ...args: (string | number)[]];

/** Sends commands in one write; resolves when all are answered. Throws the first error that an answer is. */
export async function sendPipeline(redis: Redis, commands: Command[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const command of commands) pipeline.call(...command);
  const answers = (await pipeline.exec()) ?? [];
  const failed = answers.find(([error]) => error);
  if (failed?.[0]) throw failed[0];
}

interface Waiting {
  commands: Command[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Group commit, in its smallest form: what callers send while a batch is on its way gathers into the next one. Alone, a
 * caller waits for nobody; many share a round trip.
 */
export class GroupCommit {
  private waiting: Waiting[] = [];
  private inFlight = false;

  constructor(
    private readonly redis: Redis,
    private readonly maxBatch: number,
  ) {}

  send(commands: Command[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ commands, resolve, reject });
      if (this.inFlight) return;
      this.inFlight = true;
      // After this turn's other callers.
      setImmediate(() => void this.writeAll());
    });
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxBatch);
      try {
        await sendPipeline(
          this.redis,
          batch.flatMap(({ commands }) => commands),
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.inFlight = false;
  }
}
