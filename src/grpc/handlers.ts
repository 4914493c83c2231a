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
import type { Adapter, BidiMethod, CallContext, ServerStreamMethod, UnaryMethod } from "../rpc/method.js";
import type { StatusMap } from "../rpc/status.js";
import { principalOf } from "./incoming/guard.js";

interface AnyCall {
  metadata: Metadata;
  cancelled: boolean;
  getDeadline(): Date | number;
}

class LiveContext implements CallContext {
  readonly deadline: number;
  readonly principal: Principal;

  constructor(private readonly call: AnyCall) {
    this.principal = principalOf(call.metadata);
    this.deadline = Number(call.getDeadline());
  }

  get cancelled(): boolean {
    return this.call.cancelled;
  }

  /** Looked up only for those who keep it. */
  get requestId(): string | undefined {
    const [given] = this.call.metadata.get(requestIdKey);
    return given === undefined ? undefined : boundRequestId(String(given));
  }
}

/** Turns methods into grpc-js handlers: passes the call on, maps what is thrown. The guard has let the call in. */
export class GrpcAdapter implements Adapter<UntypedHandleCall> {
  constructor(
    private readonly statuses: StatusMap,
    /** undefined: every call is let in. */
    private readonly admission: Admission | undefined,
    /** Aborted when the server drains: open streams end themselves. */
    private readonly closing: AbortSignal,
  ) {}

  unary<Request, Response>(method: UnaryMethod<Request, Response>): handleUnaryCall<Request, Response> {
    const run = this.admission?.guard(method) ?? method;
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
        const context = new LiveContext(stream);
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
    // grpc-js reports a broken stream as an error event too; nobody is left to tell.
    const fail = (error: unknown) => stream.emit("error", this.statuses.toStatus(error));
    // An aborted stream first looks like one whose caller has finished; a turn later it is known to be cancelled.
    const end = () => setImmediate(() => stream.cancelled || stream.end());
    run().then(end, fail);
  }
}
