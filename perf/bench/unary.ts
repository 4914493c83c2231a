import { loadMethod } from "./contract.js";
import { runLoad } from "./processes.js";
import type { UnaryPlan, UnaryReport } from "./unary-load.js";

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
  return runLoad("unary-load.ts", { port, path, messages, connections: 8, ...load });
}
