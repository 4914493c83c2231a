import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a server may take to dial in, and to do what it is told: a heap snapshot of a large heap is slow. */
const dialInTimeoutMs = 15_000;
const answerTimeoutMs = 120_000;

/** What a server says of a time under load; see agent.mjs. */
export interface Watched {
  seconds: number;
  /** Of the event loop. */
  delayMs: { p50: number; p99: number; max: number };
  /** Share of the time in which the event loop was not waiting, 0 to 1. */
  loopUse: number;
  /** Each stop for garbage collection. */
  pauses: { ms: number; major: boolean }[];
  /** The heap after a forced garbage collection. */
  heapMibAtStart: number;
  heapMib: number;
  /** Active handles and requests by type. */
  resourcesAtStart: Record<string, number>;
  resources: Record<string, number>;
}

interface Commands {
  "loop-use": { options: object; result: number };
  "cpu-start": { options: object; result: undefined };
  "cpu-stop": { options: { file: string }; result: undefined };
  snapshot: { options: { file: string }; result: undefined };
  "collect-garbage": { options: object; result: undefined };
  "watch-start": { options: object; result: undefined };
  "watch-stop": { options: object; result: Watched };
}

/** A server process with agent.mjs in it. It does one thing at a time. */
export class Agent {
  /** Whether the server has ended, or was told to. */
  gone = false;

  constructor(
    readonly pid: number,
    private readonly socket: Socket,
    private readonly lines: AsyncIterator<string>,
  ) {
    socket.once("close", () => {
      this.gone = true;
    });
  }

  /** Rejects if the server cannot do it, is too slow, or ends. */
  async ask<Name extends keyof Commands>(
    command: Name,
    options: Commands[Name]["options"] = {},
  ): Promise<Commands[Name]["result"]> {
    this.socket.write(`${JSON.stringify({ command, ...options })}\n`);
    const late = sleep(answerTimeoutMs, undefined, { ref: false }).then(() => {
      throw new Error(`server ${this.pid} did not answer to ${command} in ${answerTimeoutMs / 1000} s`);
    });
    const { value, done } = await Promise.race([this.lines.next(), late]);
    if (done) throw new Error(`server ${this.pid} ended before it answered to ${command}`);
    const { result, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(`server ${this.pid}: ${command}: ${error}`);
    return result;
  }
}

/** Where the servers dial in. */
export class Agents {
  readonly all: Agent[] = [];
  private readonly server = createServer((socket) => void this.add(socket));

  async listen(socket: string): Promise<void> {
    this.server.listen(socket);
    await once(this.server, "listening");
  }

  /** Resolves when so many have dialled in. */
  async untilThere(count: number): Promise<void> {
    const until = Date.now() + dialInTimeoutMs;
    while (this.all.length < count) {
      if (Date.now() > until)
        throw new Error(`${this.all.length} of ${count} servers can be profiled: not all dialled in`);
      await sleep(20);
    }
  }

  close(): void {
    this.server.close();
  }

  private async add(socket: Socket): Promise<void> {
    socket.on("error", () => {}); // "close" follows, and counts.
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (!done) this.all.push(new Agent(JSON.parse(value).pid, socket, lines));
  }
}
