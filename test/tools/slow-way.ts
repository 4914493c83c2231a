import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a store's Unix socket that can be made slow: whatever goes through it then takes so much longer. */
export class SlowWay {
  delayMs = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server;

  constructor(path: string) {
    this.server = createServer((socket) => this.join(socket, connect(path)));
  }

  /** Answers the port that it listens on. */
  async start(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, "close");
  }

  private join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on("error", () => {}); // `close` follows.
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
      // What was delayed goes first even when the delay is over: in another order the bytes would say something else.
      const delayed: Buffer[] = [];
      let lastDue = 0;
      from.on("data", (chunk: Buffer) => {
        const now = performance.now();
        lastDue = Math.max(lastDue, now + this.delayMs);
        if (this.delayMs === 0 && delayed.length === 0) {
          to.write(chunk);
          return;
        }
        delayed.push(chunk);
        setTimeout(() => to.write(delayed.shift() as Buffer), lastDue - now);
      });
    }
  }
}
