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

const plans: readonly Fields[] = [fullFields, briefFields, retryFields, contentFields, noFields];

/** The lists of fields as Lua, which goes before job-row.lua: as arguments they would be written, sent and read with each call. */
export const plansLua = `local plans = {${plans.map(toPlan).join(",")}}\n`;

/** A JSON text of letters is one of Lua, too. */
function toPlan(fields: Fields): string {
  const cuts = fields.map(([cut]) => JSON.stringify(cut));
  const names = fields.map(([, name]) => JSON.stringify(name));
  return `{cuts={${cuts}},fields={${names}}}`;
}

/** The arguments of job-row.lua; a job has at most so many bytes in an answer. The fields are one of the lists here. */
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
