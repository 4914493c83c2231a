import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** How long what is left of a refused request is read, in milliseconds. */
const lingerMs = 1000;

export interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: string | Uint8Array;
}

/** Answers a request, once. The connection is closed after it unless `keepAlive`, or if the request is not all read. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  keepAlive: boolean,
): void {
  if (request.complete) {
    writeHead(response, answer, keepAlive);
    response.end(answer.body);
    return;
  }
  // An answer by the headers alone comes before the end of even the smallest request, which is there a turn later.
  request.resume();
  setImmediate(() => {
    if (request.complete) sendAnswer(request, response, answer, keepAlive);
    else sendEarly(request, response, answer);
  });
}

/**
 * Answers, and for a moment reads and drops what still comes: a client that is cut off while it sends would see a reset
 * and not the answer.
 */
function sendEarly(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  writeHead(response, answer, false);
  response.write(answer.body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  request.once("end", end);
  request.once("close", end);
}

function writeHead(response: ServerResponse, { status, headers, body }: Answer, keepAlive: boolean): void {
  const closing = keepAlive ? {} : { connection: "close" };
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body), ...closing });
}
