import type { IncomingMessage, ServerResponse } from "node:http";

/** One request to the admin port. */
export interface Visit {
  request: IncomingMessage;
  response: ServerResponse;
  /** Reads the body as text. Throws if the body is too large. */
  readBody(): Promise<string>;
}

/** Sends a complete answer. Nothing on the admin port may be cached, unless `headers` allow it. */
export function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store", ...headers }).end(body);
}
