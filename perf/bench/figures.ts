/** The middle of some values; of an even number, the upper of the two. There is at least one. */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Figures of several rounds, by what was measured. */
export class Rounds {
  private readonly figures = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.figures.get(name);
    if (values) values.push(value);
    else this.figures.set(name, [value]);
  }

  /** What was measured, each with the median of its rounds. */
  medians(): [string, number][] {
    return [...this.figures].map(([name, values]) => [name, median(values)]);
  }

  /** The median of the rounds' ratios: what disturbs a whole round disturbs both its sides. */
  ratio(name: string, base: string): number {
    const bases = this.of(base);
    return median(this.of(name).map((value, round) => value / (bases[round] as number)));
  }

  /** What was measured under a name, a value a round. */
  of(name: string): number[] {
    const values = this.figures.get(name);
    if (!values) throw new Error(`"${name}" was not measured`);
    return values;
  }
}

/** A line of progress: "round 1/3  Health/Check     12,345/s". */
export function describeRound(round: number, rounds: number, name: string, perSecond: number): string {
  return `round ${round}/${rounds}  ${name.padEnd(42)} ${formatRate(perSecond).padStart(9)}/s`;
}

/** A table in Markdown: the first column is text, the others are figures. */
export function formatTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|${head.map((_, column) => (column === 0 ? "---" : "---:")).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** "12,345" */
export function formatRate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString("en");
}

/** Figures as one JSON object on one line, with three places. */
export function formatResult(result: Record<string, number>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(result).map(([key, value]) => [key, Number(value.toFixed(3))])),
  );
}
