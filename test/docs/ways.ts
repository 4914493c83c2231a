import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** One file of a way through the code, as docs/architecture.md lists it. */
interface Step {
  file: string;
  /** The file that hands this one to an earlier one; undefined: the file before imports this one. */
  joinedBy: string | undefined;
  /** A store lies between the file before and this one. */
  isAcross: boolean;
}

/** An ordered list of files under a heading. */
export interface Way {
  name: string;
  steps: Step[];
}

const item =
  /^\d+\. (?:\*(?:joined by \[[^\]]+\]\(\.\.\/(?<joinedBy>[^)]+)\)|(?<across>across \w+)):\* )?\[[^\]]+\]\(\.\.\/(?<file>[^)]+)\): /;

/** The ways that a page lists: its headings with an ordered list of files. */
export function readWays(markdown: string): Way[] {
  const sections = markdown.split(/^### /m).slice(1);
  return sections.map((section) => {
    const lines = section.split("\n");
    const steps = lines.filter((line) => /^\d+\. /.test(line)).map(toStep);
    return { name: lines[0] ?? "", steps };
  });
}

function toStep(line: string): Step {
  const { joinedBy, across, file } = item.exec(line)?.groups ?? {};
  if (file === undefined) throw new Error(`no step of a way: ${line}`);
  return { file, joinedBy, isAcross: across !== undefined };
}

/** What a way says that the code does not, a line each. */
export function checkWay({ steps }: Way): string[] {
  return steps.flatMap((step, index) => {
    const { file, joinedBy, isAcross } = step;
    if (!existsSync(file)) return [`${file} does not exist`];
    const earlier = steps.slice(0, index).map((one) => one.file);
    const before = earlier.at(-1);
    if (isAcross || before === undefined) return [];
    if (joinedBy === undefined) return imports(before, file) ? [] : [`${before} does not import ${file}`];
    if (!imports(joinedBy, file)) return [`${joinedBy} does not import ${file}`];
    const joins = earlier.some((one) => one === joinedBy || imports(joinedBy, one));
    return joins ? [] : [`${joinedBy} imports no earlier file of the way to ${file}`];
  });
}

/** Whether a file imports another, types included, or loads it when it is needed. */
function imports(from: string, to: string): boolean {
  if (!existsSync(from)) return false;
  const targets = readFileSync(from, "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...targets].some(([, path = ""]) => normalize(join(dirname(from), path)).replace(/\.js$/, ".ts") === to);
}
