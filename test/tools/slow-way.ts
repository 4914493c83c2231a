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
      from.on("data", (chunk) => {
        if (this.delayMs === 0) to.write(chunk);
        else setTimeout(() => to.write(chunk), this.delayMs);
      });
    }
  }
}
