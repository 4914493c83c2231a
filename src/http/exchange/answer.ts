import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** How long the server keeps reading the rest of a refused request, in milliseconds. */
const lingerMs = 1000;

export interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: string | Uint8Array;
}

/** Answers a request, once. Then closes the connection, unless `keepAlive` is set and the whole request was read. */
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
  // An answer by the headers alone is ready before the smallest request ends. The end comes one event-loop turn later.
  request.resume();
  setImmediate(() => {
    if (request.complete) sendAnswer(request, response, answer, keepAlive);
    else sendEarly(request, response, answer);
  });
}

/**
 * Answers, and then reads and drops the rest of the request for up to `lingerMs`. A client that is cut off while it
 * sends would see a reset instead of the answer.
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
