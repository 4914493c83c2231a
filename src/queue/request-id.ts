import type { JobSpec } from "./job.js";

const key = "x-request-id";

/**
 * A job with its caller's id of the request. It goes where BullMQ keeps what follows a job from where it was added to where it is done
 * (`job.opts.telemetry.metadata`), as the JSON object that BullMQ's OpenTelemetry support reads there.
 */
export function withRequestId(spec: JobSpec, requestId: string): JobSpec {
  return withMetadata(spec, JSON.stringify({ [key]: requestId }));
}

/** The same, with what {@link withRequestId} or whoever added the job put there. */
export function withMetadata(spec: JobSpec, metadata: string): JobSpec {
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
