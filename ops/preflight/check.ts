/**
 * "warning" and "not measured" fail nothing: an objective is missed, but no critical value; or there was no evidence, and `todo`
 * says how to make some.
 */
type Verdict = "ok" | "warning" | "FAILED" | "not measured";

/** What a check found. */
export interface Finding {
  verdict: Verdict;
  /** Figures, on one line. */
  evidence: string;
  /** What to do about it, if it is not ok. */
  todo?: string;
}

/** One item of the list "Before Deployment". */
export interface Check {
  /** As the list calls it. */
  name: string;
  /** How long it should take. */
  seconds: number;
  run(): Promise<Finding> | Finding;
}

/** ok, or FAILED with what to do. */
export function toFinding(ok: boolean, evidence: string, todo: string): Finding {
  return ok ? { verdict: "ok", evidence } : { verdict: "FAILED", evidence, todo };
}

/**
 * The checks whose name has one of the words ("memory,log"), in any case; all if `words` is empty. Throws an error that
 * names a word that none has.
 */
export function selectChecks(checks: Check[], words: string | undefined): Check[] {
  const wanted = (words ?? "").toLowerCase().split(",").filter(Boolean);
  const has = ({ name }: Check, word: string) => name.toLowerCase().includes(word.trim());
  for (const word of wanted) {
    if (checks.some((check) => has(check, word))) continue;
    throw new Error(
      `ONLY: no check has "${word}" in its name; there are: ${checks.map(({ name }) => name).join(", ")}`,
    );
  }
  return wanted.length === 0 ? checks : checks.filter((check) => wanted.some((word) => has(check, word)));
}

/** A finding as a line: "ok            Run load tests                 load: met, ..." */
export function formatLine({ name }: Check, { verdict, evidence }: Finding): string {
  return `${verdict.padEnd(13)} ${name.padEnd(34)} ${evidence}`;
}

/** What to do, a line for each finding that is not ok. */
export function formatTodo(results: { check: Check; finding: Finding }[]): string[] {
  const open = results.filter(({ finding }) => finding.todo !== undefined);
  if (open.length === 0) return [];
  return ["", "To do:", ...open.map(({ check, finding }) => `- ${check.name}: ${finding.todo}`)];
}
