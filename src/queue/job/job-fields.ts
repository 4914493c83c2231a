/**
 * What remains of a field that does not fit an answer: its start, its end, or nothing. JSON cannot be cut, so nothing
 * of it remains.
 */
type Cut = "s" | "e" | "-";

/**
 * Fields of a job's hash, each after the way to cut it. The fields that callers need most come first, and are cut last.
 */
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

/** The fields that decide how a job is put back into its queue. */
export const retryFields: Fields = [["-", "opts"]];

/** The fields that decide whether a job is the same as another. */
export const contentFields: Fields = [["-", "name"], ["-", "data"], ...retryFields];

/** For callers that ask only where a job is. */
export const noFields: Fields = [["-", "timestamp"]];

const plans: readonly Fields[] = [fullFields, briefFields, retryFields, contentFields, noFields];

/**
 * The lists of fields as Lua code, which goes before job-row.lua. As arguments, the lists would be written, sent and
 * read with each call.
 */
export const plansLua = `local plans = {${plans.map(toPlan).join(",")}}\n`;

/** A JSON string of letters is also a Lua string. */
function toPlan(fields: Fields): string {
  const cuts = fields.map(([cut]) => JSON.stringify(cut));
  const names = fields.map(([, name]) => JSON.stringify(name));
  return `{cuts={${cuts}},fields={${names}}}`;
}

/**
 * The arguments of job-row.lua. `fields` is one of the lists in this file. `jobBytes` is the most bytes of a job in an
 * answer.
 */
export function rowArguments(fields: Fields, jobBytes: number): [number, number] {
  return [plans.indexOf(fields) + 1, jobBytes];
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
