import { loadMethod } from "./contract.js";
import { runLoad } from "./processes.js";
import type { UnaryPlan, UnaryReport } from "./unary-load.js";

/** With Node's own 16 MiB the generator's collections take some 10 ms each, twice a second, and are measured as the server's. */
const shortPauses = ["--max-semi-space-size=2"];

/** Calls a unary method of the contract with a request, or with several in turn, as a plan says, over 8 connections unless it says otherwise. */
export function runUnary(
  port: number,
  service: string,
  method: string,
  requests: object | object[],
  load: Partial<UnaryPlan> & Pick<UnaryPlan, "warmupMs" | "durationMs">,
): Promise<UnaryReport> {
  const { path, requestSerialize } = loadMethod(service, method);
  const messages = [requests].flat().map((request) => requestSerialize(request).toString("base64"));
  const nodeArgs = load.ratePerSecond === undefined ? [] : shortPauses;
  return runLoad("unary-load.ts", { port, path, messages, connections: 8, ...load }, nodeArgs);
}
