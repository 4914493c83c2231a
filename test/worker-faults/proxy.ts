import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The way of bytes. */
export type Direction = "toServer" | "toWorker";

interface Cut {
  direction: Direction;
  /** How many more bytes pass. */
  bytes: number;
}

interface Way {
  from: Socket;
  to: Socket;
}

/** A network between workers and Posta that breaks connections in the middle of a message, or lets nothing pass. */
export async function startProxy(port: number) {
  const ways = new Set<Way>();
  let cut: Cut | undefined;
  let isSilent = false;

  function link(from: Socket, to: Socket, direction: Direction): void {
    const way = { from, to };
    ways.add(way);
    from.on("data", (data: Buffer) => {
      if (cut?.direction !== direction) return pass(way, data);
      cut.bytes -= data.length;
      if (cut.bytes > 0) return pass(way, data);
      const passed = data.length + cut.bytes;
      cut = undefined;
      to.write(data.subarray(0, passed), () => to.destroy());
      from.destroy();
    });
    from.on("drain", () => isSilent || to.resume()); // What the other side sends to this one.
    from.on("error", () => {});
    from.on("close", () => {
      ways.delete(way);
      to.destroy();
    });
  }

  function pass({ from, to }: Way, data: Buffer): void {
    if (!to.write(data)) from.pause();
  }

  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) socket.setNoDelay(true);
    link(near, far, "toServer");
    link(far, near, "toWorker");
    if (isSilent) for (const socket of [near, far]) socket.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Breaks the connection that carries the byte that comes after `bytes` more in this direction. */
    cut(direction: Direction, bytes: number): void {
      cut = { direction, bytes };
    },
    /** Connections stay open, and nothing passes, until it is called again. */
    setSilent(silent: boolean): void {
      isSilent = silent;
      for (const { from } of ways) {
        if (silent) from.pause();
        else from.resume();
      }
    },
    stop(): void {
      server.close();
      for (const { from } of ways) from.destroy();
    },
  };
}
