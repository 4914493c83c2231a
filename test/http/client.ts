import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";

export const queueService = "posta.queue.v1.QueueService";

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Sends a request as it is given; answers whatever comes. */
export async function send(url: string, init?: RequestInit): Promise<HttpAnswer> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Calls a method of QueueService with JSON; a string goes as it is. */
export function post(
  httpUrl: string,
  method: string,
  request: object | string,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const body = typeof request === "string" ? request : JSON.stringify(request);
  const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
  return send(`${httpUrl}/${queueService}/${method}`, init);
}

/** A connection on which a test writes bytes by hand. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that came so far. */
  received(): string;
  /** Resolves when the other side has closed it. */
  readonly closed: Promise<unknown>;
}

/** Opens a connection to a server. */
export async function openRaw(httpUrl: string): Promise<RawConnection> {
  const { hostname, port } = new URL(httpUrl);
  const socket = connectSocket(Number(port), hostname);
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("error", () => {}); // A reset is as good an end as a close.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  return { socket, received: () => received, closed };
}

/** The head of a call with a JSON body of so many bytes, or a chunked one. */
export function rawHead(method: string, length: number | "chunked", headers: Record<string, string> = {}): string {
  const framing = length === "chunked" ? "transfer-encoding: chunked" : `content-length: ${length}`;
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /${queueService}/${method} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n${framing}\r\n${more.join("")}\r\n`;
}
