import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Unix socket's path may have about 100 bytes. If it is longer, the socket is in the temporary folder. */
const maxBytes = 100;

/** The path of the socket `name` in a folder, or in the temporary folder if the path is too long. */
export function socketIn(dir: string, name: string): string {
  const path = join(dir, name);
  return Buffer.byteLength(path) <= maxBytes ? path : join(tmpdir(), `posta-${hashOf(dir)}.sock`);
}

/** Like `socketIn`, for a server that chooses the socket's name itself. Answers the socket's folder. */
export function socketDirFor(dir: string, name: string): string {
  return Buffer.byteLength(join(dir, name)) <= maxBytes ? dir : join(tmpdir(), `posta-${hashOf(dir)}`);
}

/** A short name for a folder whose path is too long. */
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
