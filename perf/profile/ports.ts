import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** The first of so many ports in a row that were free a moment ago, on loopback. */
export async function findFreePorts(count: number): Promise<number> {
  for (;;) {
    const anyPort = await listen(0);
    const opened = [anyPort];
    const first = (anyPort.address() as AddressInfo).port;
    try {
      while (opened.length < count) opened.push(await listen(first + opened.length));
      return first;
    } catch {
      // One of them is taken: from another start, then.
    } finally {
      await Promise.all(opened.map(close));
    }
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
