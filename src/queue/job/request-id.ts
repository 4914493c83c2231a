import type { JobSpec } from "./job.js";
import { parseObject } from "./stored-json.js";

const key = "x-request-id";

/**
 * The metadata of each job of a call: the caller's id of the request, as a JSON object. BullMQ keeps metadata that
 * follows a job from its producer to its worker in `job.opts.telemetry.metadata`. BullMQ's OpenTelemetry support reads
 * a JSON object there.
 */
export function toMetadata(requestId: string | undefined): string | undefined {
  return requestId === undefined ? undefined : JSON.stringify({ [key]: requestId });
}

/**
 * A job with metadata, from {@link toMetadata} or from the program that added the job. Without metadata, the job stays
 * as it is.
 */
export function withMetadata<Spec extends Pick<JobSpec, "options" | "optionsJson">>(
  spec: Spec,
  metadata: string | undefined,
): Spec {
  if (metadata === undefined) return spec;
  const options = { ...spec.options, telemetry: { metadata } };
  return { ...spec, options, optionsJson: `${spec.optionsJson},"tm":${JSON.stringify(metadata)}` };
}

/**
 * The request's id in options as BullMQ stores them. undefined: the caller gave none, or another program added the job.
 */
export function readRequestId(optionsJson: string): string | undefined {
  return requestIdOf(parseObject(optionsJson));
}

/** Like {@link readRequestId}, of options that were parsed before. */
export function requestIdOf({ tm }: { tm?: unknown }): string | undefined {
  if (typeof tm !== "string") return undefined;
  const requestId = parseObject<Record<string, unknown>>(tm)[key];
  return typeof requestId === "string" ? requestId : undefined;
}
