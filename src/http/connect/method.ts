import type { MethodMetrics } from "../../rpc/call-metrics.js";
import type { Contract } from "../../rpc/contract/contract.js";
import type { HttpHandler } from "./adapter.js";

/** A method of the contract with all that a call of it needs. */
export interface HttpMethod {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The coders that gRPC uses, so that a capability sees what it sees there. */
  readonly definition: ReturnType<Contract["service"]>[string];
  readonly counters: MethodMetrics;
  readonly handler: HttpHandler;
}
