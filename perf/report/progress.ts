/** Says what runs and how long it takes; on a terminal with a line that moves, elsewhere with a line each. */
export class Progress {
  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {}

  say(text: string): void {
    this.out.write(`${text}\n`);
  }

  /** Answers what to call at the end. `seconds` is how long it should take. */
  begin(what: string, seconds: number): () => void {
    const begun = performance.now();
    const elapsed = () => Math.round((performance.now() - begun) / 1000);
    if (!this.out.isTTY) this.say(`  ${what} (${Math.round(seconds)} s)...`);
    const show = () => this.out.write(`\r  ${what} ${bar(elapsed() / seconds)} ${elapsed()}/${Math.round(seconds)} s `);
    const timer = this.out.isTTY ? setInterval(show, 500) : undefined;
    return () => {
      clearInterval(timer);
      if (this.out.isTTY) this.out.write(`\r\x1b[K  ${what}: done\n`);
    };
  }
}

function bar(share: number): string {
  const full = Math.min(20, Math.round(share * 20));
  return `[${"#".repeat(full)}${".".repeat(20 - full)}]`;
}
