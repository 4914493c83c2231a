import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { PostaError } from "../../errors/posta-error.js";
import type { Credentials } from "../../rpc/auth/authenticate.js";
import { clientCertificateOf } from "../../rpc/auth/client-certificate.js";
import { allowedMs, type Deadlines } from "../../rpc/deadline.js";
import { boundRequestId, logFailedCall, newRequestId, requestIdKey } from "../../rpc/failed-call.js";
import type { CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { Logger } from "../../telemetry/log/log.js";
import { type Answer, sendAnswer } from "../exchange/answer.js";
import { IncomingBody, requireKnownEncoding } from "../exchange/body.js";
import type { Connection, Connections } from "../exchange/connections.js";
import { Unimplemented } from "../exchange/unimplemented.js";
import { readTimeoutMs, requireProtocolVersion } from "./call-headers.js";
import { connectCode, okCode } from "./codes.js";
import { errorBody, type Failure, toFailure } from "./failure.js";
import type { Format } from "./format.js";
import type { JsonCodec } from "./json-codec.js";
import type { HttpMethod } from "./method.js";

/** What all calls of a server share. */
export interface CallParts {
  statuses: StatusMap;
  codec: JsonCodec;
  connections: Connections;
  deadlines: Deadlines;
  log: Logger;
}

/** Stops a body that nobody waits for any more. */
const endedError = new PostaError("cancelled", "the call has ended");

/**
 * One call, from its headers to its answer. Counts the call, bounds its time, gives it a request id, runs its method,
 * and logs its failure. A call ends once, with whichever comes first: an answer, an error, the deadline, or the
 * caller's departure.
 */
export class HttpCall {
  private readonly begun = performance.now();
  private readonly connection: Connection;
  private requestId: string | undefined;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private body: IncomingBody | undefined;
  private departure: AbortController | undefined;
  private ended = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly method: HttpMethod,
    private readonly format: Format,
    private readonly parts: CallParts,
  ) {
    this.connection = parts.connections.use(request.socket);
    method.counters.started += 1;
    const given = request.headers[requestIdKey];
    if (given !== undefined) this.requestId = boundRequestId(String(given));
    response.once("close", () => this.fail(new PostaError("cancelled", "the caller went away")));
  }

  async run(): Promise<void> {
    try {
      await this.tryRun();
    } catch (error) {
      this.fail(error);
    }
  }

  private async tryRun(): Promise<void> {
    const { request, method, format } = this;
    const { handler } = method;
    requireProtocolVersion(request.headers);
    const deadline = this.boundDeadline();
    if (handler.kind === "stream") throw new Unimplemented(`${method.path} is a stream: call it over gRPC`);
    const context = this.createContext(handler.entry.authenticate(credentialsOf(request)), deadline);
    requireKnownEncoding(request);
    this.body = new IncomingBody(request, handler.entry);
    const body = await this.body.read();
    // Do not handle a body that arrived too late: its caller already has an error, or is gone.
    if (this.ended) return;
    const result = await handler.run(format.decode(method, body) as never, context);
    this.succeed(format.encode(method, result as object));
  }

  private createContext(principal: CallContext["principal"], deadline: number): CallContext {
    const isEnded = () => this.ended;
    const watchDeparture = () => this.watchDeparture();
    const { requestId } = this;
    return {
      principal,
      deadline,
      requestId,
      get cancelled() {
        return isEnded();
      },
      get gone() {
        return watchDeparture();
      },
    };
  }

  private watchDeparture(): AbortSignal {
    this.departure ??= new AbortController();
    if (this.ended) this.departure.abort();
    return this.departure.signal;
  }

  /** Answers the time, in milliseconds since 1970, at which the call ends itself. */
  private boundDeadline(): number {
    const allowed = allowedMs(readTimeoutMs(this.request.headers), this.parts.deadlines);
    const deadline = Date.now() + allowed;
    const expire = () => this.fail(new PostaError("expired", `the deadline of ${allowed} ms passed`));
    // A timer may fire 1 ms early. The call must not report a passed deadline while the work could still be done.
    this.deadlineTimer = setTimeout(expire, allowed + 1);
    return deadline;
  }

  private succeed(body: string | Uint8Array): void {
    if (!this.end(okCode)) return;
    const headers: OutgoingHttpHeaders = { "content-type": this.format.contentType };
    if (this.requestId !== undefined) headers[requestIdKey] = this.requestId;
    this.answer({ status: connectCode(okCode).http, headers, body });
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    const failure = toFailure(error, this.parts.statuses);
    this.end(failure.code);
    this.requestId ??= newRequestId();
    this.logFailure(failure, this.requestId);
    if (this.response.destroyed) return;
    const headers = { "content-type": "application/json", [requestIdKey]: this.requestId, ...failure.headers };
    this.answer({ status: connectCode(failure.code).http, headers, body: errorBody(failure, this.parts.codec) });
  }

  private answer(answer: Answer): void {
    sendAnswer(this.request, this.response, answer, this.parts.connections.mayLiveOn(this.connection));
  }

  /** Ends the call; false if the call had already ended. */
  private end(code: number): boolean {
    if (this.ended) return false;
    this.ended = true;
    clearTimeout(this.deadlineTimer);
    this.body?.stop(endedError);
    this.departure?.abort();
    this.method.counters.finish(code, performance.now() - this.begun);
    return true;
  }

  private logFailure({ code, message, cause }: Failure, requestId: string): void {
    logFailedCall(this.parts.log, {
      requestId,
      method: this.method.path,
      code: connectCode(code).label,
      details: message,
      elapsedMs: performance.now() - this.begun,
      peer: this.connection.peer,
      cause,
    });
  }
}

function credentialsOf({ headers, socket }: IncomingMessage): Credentials {
  return {
    authorization: headers.authorization,
    certificate: () => clientCertificateOf(socket),
  };
}
