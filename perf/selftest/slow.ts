import { fileURLToPath } from "node:url";

/**
 * Node's arguments for a cluster that the self-test has slowed, by PERF_SLOW="AddJob=120us" (the processor works so much
 * longer for each call) or "AddJob=150ms" (each call waits so much longer); none where that is not set.
 */
export function slowArguments(): string[] {
  return process.env.PERF_SLOW ? ["--import", fileURLToPath(new URL("./slow-down.mjs", import.meta.url))] : [];
}
