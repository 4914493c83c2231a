import { type Calls, toCalls } from "../judge/calls.js";
import { runScript } from "../watch/script.js";
import type { HttpPlan, HttpReport } from "./http-load.js";

/** A generator whose event loop was held up for longer at its 99th percentile did not send when it should have. */
const maxDelayMs = 100;

/** Makes an HTTP load and answers its calls. */
export async function runAutocannon(plan: HttpPlan): Promise<Calls> {
  return readReport(await runScript<HttpReport>(new URL("./http-load.ts", import.meta.url), plan));
}

/** The common form of a report of http-load.ts. */
export function readReport({ calls, delayP99Ms }: HttpReport): Calls {
  const starved = delayP99Ms > maxDelayMs ? `its event loop was ${delayP99Ms.toFixed(0)} ms late at P99` : undefined;
  return toCalls(
    calls.map(([start, latency, error]) => ({ start, latency, error })),
    starved,
  );
}
