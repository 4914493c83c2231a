import type { JobSpec } from "./job.js";

const key = "x-request-id";

/**
 * What goes with each job of a call: its caller's id of the request. It is where BullMQ keeps what follows a job from where it was added to
 * where it is done (`job.opts.telemetry.metadata`), as the JSON object that BullMQ's OpenTelemetry support reads there.
 */
export function toMetadata(requestId: string | undefined): string | undefined {
  return requestId === undefined ? undefined : JSON.stringify({ [key]: requestId });
}

/** A job with what {@link toMetadata} or whoever added it made; as it is where there is none. */
export function withMetadata(spec: JobSpec, metadata: string | undefined): JobSpec {
  if (metadata === undefined) return spec;
  const options = { ...spec.options, telemetry: { metadata } };
  return { ...spec, options, optionsJson: `${spec.optionsJson},"tm":${JSON.stringify(metadata)}` };
}

/** The id in options as BullMQ stores them; undefined: the caller gave none, or somebody else added the job. */
export function readRequestId(optionsJson: string): string | undefined {
  try {
    const { tm } = JSON.parse(optionsJson) as { tm?: string };
    const requestId = tm === undefined ? undefined : (JSON.parse(tm) as Record<string, unknown>)[key];
    return typeof requestId === "string" ? requestId : undefined;
  } catch {
    return undefined; // What others wrote may be anything.
  }
}
