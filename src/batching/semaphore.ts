/** Lets up to `size` callers in at a time, in the order in which they came. */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];
  private inside = 0;

  constructor(private readonly size: number) {}

  async enter(): Promise<void> {
    if (this.inside < this.size) {
      this.inside += 1;
      return;
    }
    // A caller that leaves hands over its place.
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.inside -= 1;
  }
}
