import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Unix socket's path is limited to some 100 bytes; in a deeper folder it moves to the system's temporary one. */
const maxBytes = 100;

/** The socket `name` in a folder; or the one that stands in for it. */
export function socketIn(dir: string, name: string): string {
  const path = join(dir, name);
  return Buffer.byteLength(path) <= maxBytes ? path : join(tmpdir(), `posta-${hashOf(dir)}.sock`);
}

/** The folder for a socket `name`, for a server that chooses the name itself; or the one that stands in for it. */
export function socketDirFor(dir: string, name: string): string {
  return Buffer.byteLength(join(dir, name)) <= maxBytes ? dir : join(tmpdir(), `posta-${hashOf(dir)}`);
}

/** Stands for a folder where its path does not fit. */
export function hashOf(dir: string): string {
  return createHash("sha256").update(dir).digest("hex").slice(0, 16);
}

export async function isListening(socket: string): Promise<boolean> {
  const probe = connect(socket);
  return once(probe, "connect")
    .then(() => true)
    .catch(() => false)
    .finally(() => probe.destroy());
}
