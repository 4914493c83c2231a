import { describe, expect, it } from "vitest";
import { SharedReads } from "../../../src/analytics/read/shared-reads.js";

/** A store whose answers the test gives; each is the number of the read that it answers. */
function setup() {
  const reads = new SharedReads<number>();
  const open: { resolve(): void; reject(error: Error): void }[] = [];
  const read = () =>
    new Promise<number>((resolve, reject) => {
      const number = open.length + 1;
      open.push({ resolve: () => resolve(number), reject });
    });
  const ask = (question = "q") => reads.get(question, read);
  const turn = () => new Promise(setImmediate);
  return { ask, open, turn };
}

describe("shared reads", () => {
  it("let whoever comes during a read share the next one, which begins after it", async () => {
    const { ask, open, turn } = setup();
    const first = ask();
    const later = [ask(), ask(), ask()];
    expect(open).toHaveLength(1);
    open[0]?.resolve();
    expect(await first).toBe(1);
    await turn();
    expect(open).toHaveLength(2);
    const last = ask();
    open[1]?.resolve();
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
    await turn();
    open[2]?.resolve();
    expect(await last).toBe(3);
    await turn();
    void ask();
    expect(open).toHaveLength(4);
  });

  it("answer other questions meanwhile, and the next read though one failed", async () => {
    const { ask, open, turn } = setup();
    const [failing, next, other] = [ask(), ask(), ask("other")];
    expect(open).toHaveLength(2);
    open[0]?.reject(new Error("lost"));
    await expect(failing).rejects.toThrow("lost");
    await turn();
    open[1]?.resolve();
    open[2]?.resolve();
    expect(await Promise.all([next, other])).toEqual([3, 2]);
  });
});
