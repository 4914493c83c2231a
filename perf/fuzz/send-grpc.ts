import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "./case.js";
import { Body, headerBytes, type Observation, toTexts } from "./observation.js";

/** Beyond its deadline a call may take so much longer to be answered, in milliseconds, on a machine that is busy. */
export const marginMs = 8000;
/** How long callers who go away, or do not read, stay. */
const patienceMs = 300;
/** Beyond what the client sends by itself, so that the server is asked to refuse it. */
const maxHeaderBytes = 1 << 20;
/** In MB. Node goes on to count what a closed stream had still to send, and in the end would refuse its own calls. */
const maxSessionMemory = 1e6;

/** Sends gRPC calls on HTTP/2 itself: a client library would send none of what is wrong. */
export class GrpcSender {
  private readonly sessions: (ClientHttp2Session | undefined)[];
  private next = 0;

  constructor(
    private readonly address: string,
    connections: number,
  ) {
    this.sessions = Array.from({ length: connections });
  }

  /** Never rejects. */
  async send(plan: Case, authorization: string | undefined): Promise<Observation> {
    if (!plan.ownConnection) return exchange(this.session(), plan, authorization);
    const session = this.open();
    try {
      return await exchange(session, plan, authorization);
    } finally {
      session.destroy();
    }
  }

  close(): void {
    for (const session of this.sessions) session?.destroy();
  }

  /** In turn; one that was closed is opened again. */
  private session(): ClientHttp2Session {
    const slot = this.next++ % this.sessions.length;
    const found = this.sessions[slot];
    if (found && !found.closed && !found.destroyed) return found;
    const opened = this.open();
    this.sessions[slot] = opened;
    return opened;
  }

  private open(): ClientHttp2Session {
    const session = connect(`http://${this.address}`, { maxSendHeaderBlockLength: maxHeaderBytes, maxSessionMemory });
    session.on("error", () => {}); // Each of its streams tells of it.
    session.setMaxListeners(0);
    return session;
  }
}

function exchange(session: ClientHttp2Session, plan: Case, authorization: string | undefined): Promise<Observation> {
  const begun = performance.now();
  const body = new Body();
  const headers: Record<string, string> = {};
  return new Promise((resolve) => {
    const settle = (end: Observation["end"], reason = "") => {
      clearTimeout(timer);
      const httpStatus = headers[":status"] === undefined ? undefined : Number(headers[":status"]);
      const elapsedMs = performance.now() - begun;
      const answerBytes = body.bytes + headerBytes(headers);
      resolve({ plan, end, httpStatus, headers, body: body.kept, answerBytes, elapsedMs, reason });
    };
    const timer = setTimeout(() => {
      settle("silent");
      stream?.close(constants.NGHTTP2_CANCEL);
    }, plan.deadlineMs + marginMs);
    const stream = openStream(session, plan, authorization, (reason) => settle("unsent", reason));
    if (!stream) return;
    stream.on("response", (found) => Object.assign(headers, toTexts(found)));
    stream.on("trailers", (found) => Object.assign(headers, toTexts(found)));
    if (plan.ending !== "deaf") stream.on("data", (chunk: Buffer) => body.take(chunk));
    // The server is done with the call, even if we have not sent all that we announced.
    stream.on("end", () => {
      if (!isAnswered(headers)) return;
      settle("answered");
      stream.close();
    });
    stream.on("error", () => {}); // Followed by "close".
    stream.on("close", () => settle(isAnswered(headers) ? "answered" : "cut", `HTTP/2 code ${stream.rstCode}`));
    void write(stream, plan, () => settle("left"));
  });
}

function openStream(
  session: ClientHttp2Session,
  { verb, path, headers }: Case,
  authorization: string | undefined,
  fail: (reason: string) => void,
): ClientHttp2Stream | undefined {
  try {
    const token = authorization === undefined ? {} : { authorization };
    return session.request({ ":method": verb, ":path": path, ...token, ...headers }, { endStream: false });
  } catch (error) {
    fail((error as Error).message);
    return undefined;
  }
}

/** A refusal by HTTP alone has no status of gRPC. */
function isAnswered(headers: Readonly<Record<string, string>>): boolean {
  return headers["grpc-status"] !== undefined || (headers[":status"] !== undefined && headers[":status"] !== "200");
}

async function write(
  stream: ClientHttp2Stream,
  { chunks, ending, stayMs = patienceMs }: Case,
  leave: () => void,
): Promise<void> {
  for (const chunk of chunks) if (!stream.destroyed && !stream.writableEnded) stream.write(chunk);
  if (ending === "end" || ending === "deaf") stream.end();
  if (ending !== "cancel" && ending !== "deaf") return;
  await sleep(ending === "cancel" ? chunks.length : stayMs);
  leave();
  stream.close(constants.NGHTTP2_CANCEL);
}
