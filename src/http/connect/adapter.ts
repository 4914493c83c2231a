import type { Admission } from "../../rpc/admission.js";
import type { Entry } from "../../rpc/entry.js";
import type { Adapter, CallKind, UnaryMethod } from "../../rpc/method.js";

/** The handler of a method over HTTP. Streams are served over gRPC only. */
export type HttpHandler =
  | { readonly kind: "stream" }
  | {
      readonly kind: "unary";
      readonly entry: Entry;
      /** The request must have the type that the method's own decoder gives. */
      readonly run: UnaryMethod<never, unknown>;
    };

/** Turns the methods that gRPC serves into handlers of HTTP calls. */
export class HttpAdapter implements Adapter<HttpHandler> {
  constructor(
    private readonly entry: Entry,
    /** undefined: every call is admitted. */
    private readonly admission: Admission | undefined,
  ) {}

  unary<Request, Response>(method: UnaryMethod<Request, Response>, kind?: CallKind): HttpHandler {
    const run = this.admission?.guard(method, kind) ?? method;
    return { kind: "unary", entry: this.entry, run };
  }

  bidi(): HttpHandler {
    return { kind: "stream" };
  }

  serverStream(): HttpHandler {
    return { kind: "stream" };
  }
}
