import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerWritableStream,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import type { Admission } from "../rpc/admission.js";
import type { Principal } from "../rpc/auth/authenticate.js";
import { boundRequestId, requestIdKey } from "../rpc/failed-call.js";
import type { Adapter, BidiMethod, CallContext, CallKind, ServerStreamMethod, UnaryMethod } from "../rpc/method.js";
import type { StatusMap } from "../rpc/status.js";
import type { ConnectionAges } from "./connection-ages.js";
import { http2StreamOf } from "./incoming/call-internals.js";
import { principalOf } from "./incoming/guard.js";

interface AnyCall {
  metadata: Metadata;
  cancelled: boolean;
  getDeadline(): Date | number;
  once(event: "cancelled", listener: () => void): unknown;
}

class LiveContext implements CallContext {
  readonly deadline: number;
  readonly principal: Principal;
  private departure: AbortController | undefined;

  constructor(private readonly call: AnyCall) {
    this.principal = principalOf(call.metadata);
    this.deadline = Number(call.getDeadline());
  }

  get cancelled(): boolean {
    return this.call.cancelled;
  }

  get gone(): AbortSignal {
    this.departure ??= this.watchDeparture();
    return this.departure.signal;
  }

  private watchDeparture(): AbortController {
    const departure = new AbortController();
    if (this.call.cancelled) departure.abort();
    else this.call.once("cancelled", () => departure.abort());
    return departure;
  }

  /** A getter, because most calls do not need the id. */
  get requestId(): string | undefined {
    const [given] = this.call.metadata.get(requestIdKey);
    return given === undefined ? undefined : boundRequestId(String(given));
  }
}

/** Turns methods into grpc-js handlers that map errors to statuses. The guard has already admitted the call. */
export class GrpcAdapter implements Adapter<UntypedHandleCall> {
  constructor(
    private readonly statuses: StatusMap,
    /** undefined: every call is admitted. */
    private readonly admission: Admission | undefined,
    /** Aborted when the server drains: open streams end themselves. */
    private readonly closing: AbortSignal,
    private readonly ages: ConnectionAges,
  ) {}

  unary<Request, Response>(
    method: UnaryMethod<Request, Response>,
    kind?: CallKind,
  ): handleUnaryCall<Request, Response> {
    const run = this.admission?.guard(method, kind) ?? method;
    return (call, callback) => {
      const fail = (error: unknown) => callback(this.statuses.toStatus(error));
      try {
        const context = new LiveContext(call);
        run(call.request, context).then((response) => callback(null, response), fail);
      } catch (error) {
        fail(error);
      }
    };
  }

  bidi<Request, Response>(method: BidiMethod<Request, Response>): handleBidiStreamingCall<Request, Response> {
    return (stream) => {
      this.runStream(stream, async () => {
        const connectionAgeMs = this.ages.of(http2StreamOf(stream).session);
        const context = Object.assign(new LiveContext(stream), { connectionAgeMs });
        await method(stream, context, this.closing);
      });
    };
  }

  serverStream<Request, Response>(
    method: ServerStreamMethod<Request, Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (stream) => {
      this.runStream(stream, async () => {
        await method(stream, this.closing);
      });
    };
  }

  private runStream(
    stream: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
    run: () => Promise<void>,
  ): void {
    // grpc-js also reports a broken stream as an error event. Then no caller is left to read the status.
    const fail = (error: unknown) => stream.emit("error", this.statuses.toStatus(error));
    // At first an aborted stream looks as if its caller had finished. One event-loop turn later, `cancelled` is set.
    const end = () => setImmediate(() => stream.cancelled || stream.end());
    run().then(end, fail);
  }
}
