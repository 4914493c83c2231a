import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Ports of one block. The first port is the block's lock. */
const blockSize = 100;
/** Below it are the ports of well-known services, Posta's HTTP and admin ports among them. */
const lowest = 10_000;
const highest = 65_535;
const loopback = "127.0.0.1";

/** From the first port to the one after the last. */
export interface PortRange {
  from: number;
  until: number;
}

/**
 * Ports that the system gives to nobody on its own: those outside the ephemeral range, out of which come the ports of outgoing
 * connections and of whoever listens on port 0. All ports, if the ephemeral range leaves no room.
 */
export function findQuietRange(ephemeral: PortRange): PortRange {
  const below = { from: lowest, until: Math.min(ephemeral.from, highest + 1) };
  const above = { from: Math.max(ephemeral.until, lowest), until: highest + 1 };
  const roomier = sizeOf(below) >= sizeOf(above) ? below : above;
  return sizeOf(roomier) >= blockSize ? roomier : { from: lowest, until: highest + 1 };
}

function sizeOf({ from, until }: PortRange): number {
  return until - from;
}

function readEphemeralRange(): PortRange {
  try {
    const [from, to] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    return { from: from as number, until: (to as number) + 1 };
  } catch {
    return { from: 49_152, until: highest + 1 }; // No Linux: the range that IANA names, which macOS uses.
  }
}

/** A block of ports that belongs to this process. */
interface Block {
  first: number;
  /** The port that is handed out next. */
  next: number;
  /** Listens for as long as the process runs, so that no other process takes the block. */
  lock: Server;
}

let claimed: Promise<Block> | undefined;

/** Claims the first block that no other process holds. */
async function claimBlock(): Promise<Block> {
  const { from, until } = findQuietRange(readEphemeralRange());
  const blocks = Math.floor((until - from) / blockSize);
  // Processes that start together begin at different blocks.
  for (let turn = 0; turn < blocks; turn += 1) {
    const first = from + ((process.pid + turn) % blocks) * blockSize;
    const lock = await listen(first);
    if (!lock) continue;
    lock.unref();
    return { first, next: first + 1, lock };
  }
  throw new Error(
    `no block of ${blockSize} ports from ${from} to ${until - 1} is free: stop other runs of tests or benches`,
  );
}

/**
 * Takes ports on loopback that nobody else takes between this call and the caller's bind: neither the system for a connection
 * or for port 0, nor another process that takes ports here. A port comes again after about 100 others.
 *
 * @param count how many ports in a row, from 1 to 99.
 * @returns the first of them.
 * @throws Error if so many ports in a row are not free.
 */
export async function takePorts(count = 1): Promise<number> {
  claimed ??= claimBlock();
  const block = await claimed;
  for (let tried = 0; tried < blockSize; tried += count) {
    if (block.next + count > block.first + blockSize) block.next = block.first + 1;
    const first = block.next;
    block.next += count; // Before the first wait: two that take at once get different ports.
    if (await areFree(first, count)) return first;
  }
  throw new Error(`no ${count} ports in a row from ${block.first + 1} to ${block.first + blockSize - 1} are free`);
}

async function areFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port += 1) {
    const server = await listen(port);
    if (!server) return false;
    server.close();
    await once(server, "close");
  }
  return true;
}

/** Listens on a port of loopback; undefined: another process does. */
async function listen(port: number): Promise<Server | undefined> {
  const server = createServer().listen({ port, host: loopback, exclusive: true });
  return once(server, "listening").then(
    () => server,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") return undefined;
      throw error;
    },
  );
}
