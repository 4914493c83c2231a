import { isPrintable, parseObject, parseTraces } from "./stored-json.js";

/** Longer payloads are left out of a page that shows many jobs. */
const maxShown = 256 << 10;
const maxReason = 8192;

type Fields = Record<string, string>;

/**
 * A job's hash for a user interface. The interface parses each job of a page, and prints all of them at once. Values
 * that cannot be parsed or printed, or are very long, are replaced, so that one job does not hide the others. GetJob
 * shows them as they are.
 */
export function toShownFields(fields: Fields): Fields {
  const shown: Fields = { ...fields };
  for (const name of ["data", "returnvalue", "progress"]) {
    const problem = findProblem(fields[name]);
    if (problem !== undefined) shown[name] = JSON.stringify(`(${problem}: GetJob shows it as it is)`);
  }
  for (const name of ["opts", "parent"]) {
    if (fields[name] !== undefined) shown[name] = JSON.stringify(toShownObject(fields[name]));
  }
  if (fields.stacktrace !== undefined) {
    const traces = parseTraces(fields.stacktrace).map((trace) => trace.slice(0, maxReason));
    shown.stacktrace = JSON.stringify(traces);
  }
  if (fields.failedReason !== undefined) shown.failedReason = fields.failedReason.slice(0, maxReason);
  return shown;
}

function findProblem(json: string | undefined): string | undefined {
  if (json === undefined || json === "") return undefined; // BullMQ uses its own value for an empty text.
  if (json.length > maxShown) return `${json.length} characters`;
  return isPrintable(json) ? undefined : "no JSON, or nested deeply";
}

function toShownObject(json: string): object {
  return json.length > maxShown ? {} : parseObject(json);
}
