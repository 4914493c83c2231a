import type { IncomingMessage, ServerResponse } from "node:http";

/** One request to the admin port. */
export interface Visit {
  request: IncomingMessage;
  response: ServerResponse;
  /** As text; throws for one that is too large. */
  readBody(): Promise<string>;
}

/** Answers whole; nothing on the admin port is worth keeping in a cache, but for what `headers` say. */
export function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store", ...headers }).end(body);
}
