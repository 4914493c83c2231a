/** Says what runs and how long it takes; on a terminal with a line that moves, elsewhere with a line each. */
export class Progress {
  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {}

  say(text: string): void {
    this.out.write(`${text}\n`);
  }

  /** Does `work`, and shows how far it is. `seconds` is how long it should take. */
  async during<T>(what: string, seconds: number, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const elapsed = () => Math.round((performance.now() - begun) / 1000);
    if (!this.out.isTTY) this.say(`  ${what} (${Math.round(seconds)} s)...`);
    const show = () => this.out.write(`\r  ${what} ${bar(elapsed() / seconds)} ${elapsed()}/${Math.round(seconds)} s `);
    const timer = this.out.isTTY ? setInterval(show, 500) : undefined;
    let end = "failed";
    try {
      const result = await work();
      end = "done";
      return result;
    } finally {
      clearInterval(timer);
      if (this.out.isTTY) this.out.write(`\r\x1b[K  ${what}: ${end}\n`);
    }
  }
}

function bar(share: number): string {
  const full = Math.min(20, Math.round(share * 20));
  return `[${"#".repeat(full)}${".".repeat(20 - full)}]`;
}
