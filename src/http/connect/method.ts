import type { MethodMetrics } from "../../rpc/call-metrics.js";
import type { Contract } from "../../rpc/contract/contract.js";
import type { HttpHandler } from "./adapter.js";

/** A method of the contract, with everything that a call needs. */
export interface HttpMethod {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The same coders that gRPC uses, so that a capability sees the same messages on both transports. */
  readonly definition: ReturnType<Contract["service"]>[string];
  readonly counters: MethodMetrics;
  readonly handler: HttpHandler;
}
