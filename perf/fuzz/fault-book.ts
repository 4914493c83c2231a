import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, formatCase } from "./case.js";
import type { Fault } from "./judge-call.js";

/** A kind of fault, with the first case that showed it. */
export interface FaultKind {
  rule: string;
  /** How the requests went; undefined: no request made it. */
  form: string | undefined;
  /** The methods and pages, the first that showed it first. */
  targets: string[];
  text: string;
  count: number;
  seed: number;
  /** The case's number; undefined: no case made it. */
  number: number | undefined;
  /** What was odd about the case. */
  oddities: string[];
  caller: string | undefined;
  /** The file that REPLAY takes. */
  file: string | undefined;
}

const maxFiles = 200;

/** The faults that were found, a line a kind. */
export class FaultBook {
  private readonly kinds = new Map<string, FaultKind>();

  constructor(
    private readonly folder: string,
    private readonly seed: number,
  ) {}

  /** Takes what a case showed; the first case of a kind is written to a file. */
  add(faults: readonly Fault[], plan?: Case): void {
    for (const { rule, text } of faults) {
      const key = `${rule} ${plan?.form} ${toKind(text)}`;
      const kind = this.kinds.get(key) ?? this.create(rule, text, plan);
      this.kinds.set(key, kind);
      kind.count += 1;
      if (plan && !kind.targets.includes(plan.target)) kind.targets.push(plan.target);
    }
  }

  /** The first found first. */
  get all(): FaultKind[] {
    return [...this.kinds.values()];
  }

  private create(rule: string, text: string, plan: Case | undefined): FaultKind {
    const file =
      plan && this.kinds.size < maxFiles ? join(this.folder, `fault-${this.kinds.size + 1}.json`) : undefined;
    if (file && plan) writeFileSync(file, formatCase(plan));
    const { number, oddities = [], caller, form } = plan ?? {};
    return { rule, form, targets: [], text, count: 0, seed: this.seed, number, oddities, caller, file };
  }
}

/** What two texts of one fault share: neither numbers nor what the caller sent. */
function toKind(text: string): string {
  return text
    .replace(/"(\\.|[^"\\])*"?/g, '""')
    .replace(/\d+(\.\d+)?/g, "0")
    .slice(0, 120);
}
