/** This many problems are remembered. Further ones are not logged until the next success. */
const maxTold = 20;

/** Which problems were logged since the last success: each is logged once, also where two take turns. */
export class ToldProblems {
  private readonly told = new Set<string>();

  /** Whether a problem is to be logged. From now on it is not. */
  isNew(problem: string): boolean {
    if (this.told.has(problem) || this.told.size >= maxTold) return false;
    this.told.add(problem);
    return true;
  }

  /** The work has succeeded: the next problem is new. */
  clear(): void {
    this.told.clear();
  }
}
