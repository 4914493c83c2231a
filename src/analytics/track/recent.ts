import { separator } from "../hot/keys.js";
import type { EventRequest, EventSpec } from "./event.js";

/**
 * An event as text, for the list of a name's last events: its parts, joined by the separator, which no part can
 * contain. Every event is written this way, because it costs a third of JSON.
 */
export function toRecent({ timeMs, id, subject, value, dimensions }: EventSpec): string {
  let text = `${timeMs}${separator}${id}${separator}${subject}${separator}${value ?? ""}`;
  for (const key in dimensions) text += separator + key + separator + dimensions[key];
  return text;
}

/** The event of a name that {@link toRecent} wrote. */
export function fromRecent(name: string, text: string): EventRequest {
  const [timeMs, id = "", subject = "", value, ...parts] = text.split(separator);
  const dimensions: [string, string][] = [];
  for (let at = 0; at < parts.length; at += 2) dimensions.push([parts[at] as string, parts[at + 1] as string]);
  return {
    name,
    timeMs: Number(timeMs),
    id,
    subject,
    value: value === "" ? undefined : Number(value),
    dimensions: Object.fromEntries(dimensions),
  };
}
