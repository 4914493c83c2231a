/** The items of one call that are settled one by one, in any order: done when each has its result. */
export class PendingCall<Result> {
  /** What its items weigh, for whoever bounds what is under way. */
  bytes = 0;
  private open: number;
  private readonly results: Result[];

  constructor(
    readonly size: number,
    private readonly done: (results: Result[]) => void,
  ) {
    this.open = size;
    this.results = new Array(size);
  }

  settle(index: number, result: Result): void {
    this.results[index] = result;
    this.open -= 1;
    if (this.open === 0) this.done(this.results);
  }
}
