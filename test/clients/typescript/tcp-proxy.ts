import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A network between a worker and a server that a test can break. */
export interface TcpProxy {
  readonly address: string;
  /** How many connections it has taken. */
  readonly taken: number;
  /** New connections lead there. */
  lead(port: number): void;
  /** Answers of the server wait, on connections of now and later, until this is called with false. */
  holdAnswers(isHeld: boolean): void;
  /** Breaks all connections. */
  cut(): void;
  close(): void;
}

export async function startProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<[worker: Socket, server: Socket]>();
  let [taken, isHeld, target] = [0, false, port];
  const hold = ([, server]: [Socket, Socket]) => (isHeld ? server.pause() : server.resume());
  const proxy = createServer((worker) => {
    taken += 1;
    const server = connect(target, "127.0.0.1");
    const pair: [Socket, Socket] = [worker, server];
    pairs.add(pair);
    worker.on("data", (data) => server.write(data));
    server.on("data", (data) => worker.write(data));
    hold(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        worker.destroy();
        server.destroy();
      });
    }
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const cut = () => {
    for (const [worker] of pairs) worker.destroy();
  };
  return {
    address: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    get taken() {
      return taken;
    },
    lead(next) {
      target = next;
    },
    holdAnswers(held) {
      isHeld = held;
      pairs.forEach(hold);
    },
    cut,
    close() {
      cut();
      proxy.close();
    },
  };
}
