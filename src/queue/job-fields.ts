/** What stays of a field that does not fit an answer: its start, its end, or nothing, as for JSON, which has no parts. */
type Cut = "s" | "e" | "-";

/** Fields of a job's hash, each behind how it is cut: those that callers need most come first, and are cut last. */
export type Fields = readonly (readonly [Cut, string])[];

/** A row of job-row.lua: the fields' values, then the names of those that were cut. */
export type JobRow = (string | null)[];

const numbers = "timestamp delay priority atm ats attemptsMade finishedOn processedOn"
  .split(" ")
  .map((name) => ["-", name] as const);
const names = [
  ["s", "name"],
  ["s", "deid"],
  ["s", "pb"],
] as const;

/** What a list of the BASIC view shows. */
export const briefFields: Fields = [...numbers, ...names, ["-", "opts"], ["-", "progress"], ["s", "failedReason"]];

/** All that callers see of a job. */
export const fullFields: Fields = [
  ...numbers,
  ...names,
  ["-", "data"],
  ["-", "opts"],
  ["-", "returnvalue"],
  ["-", "progress"],
  ["s", "failedReason"],
  ["e", "stacktrace"],
];

/** What tells how a job is put back in line. */
export const retryFields: Fields = [["-", "opts"]];

/** What tells whether a job is the same as another. */
export const contentFields: Fields = [["-", "name"], ["-", "data"], ...retryFields];

/** For whoever asks only where a job is. */
export const noFields: Fields = [["-", "timestamp"]];

/** The arguments of job-row.lua; a job has at most so many bytes in an answer. */
export function rowArguments(fields: Fields, jobBytes: number): (string | number)[] {
  return [jobBytes, fields.length, ...fields.flat()];
}

/** The fields that a job has, by their names, and the names of those that were cut. */
export function toFields(fields: Fields, row: JobRow): { fields: Record<string, string>; cut: string[] } {
  const found: Record<string, string> = {};
  for (const [index, [, name]] of fields.entries()) {
    const value = row[index];
    if (value !== null && value !== undefined) found[name] = value;
  }
  return { fields: found, cut: row.slice(fields.length) as string[] };
}
