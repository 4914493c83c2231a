import { describe, expect, it } from "vitest";
import { InFlightLimit } from "../../src/batching/in-flight-limit.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("an in-flight limit", () => {
  it("refuses who comes when it is full, by number or by weight", () => {
    const limit = new InFlightLimit({ items: 2, bytes: 10, full: "full" });
    limit.enter(1);
    limit.weigh(10);
    expect(() => limit.enter(1)).toThrow("full");
    limit.leave(0, 10);
    limit.enter(1);
    expect(() => limit.enter(1)).toThrow("full");
  });

  it("lets in who waits in their order, and never while somebody leaves", async () => {
    const limit = new InFlightLimit({ items: 1, full: "full" });
    const entered: string[] = [];
    const come = (name: string) => limit.inTurn(async () => entered.push(name) && limit.enter(1));
    for (const name of ["a", "b", "c"]) come(name);
    expect(entered).toEqual(["a"]);
    limit.leave(1);
    expect(entered).toEqual(["a"]);
    await turn();
    expect(entered).toEqual(["a", "b"]);
  });

  it("refuses who comes by while others wait", async () => {
    const limit = new InFlightLimit({ items: 1, full: "full" });
    limit.enter(1);
    limit.inTurn(async () => limit.enter(1));
    limit.leave(1);
    expect(() => limit.enter(1)).toThrow("full");
    await turn();
    limit.leave(1);
    limit.enter(1);
  });

  it("is empty when who waited went away instead of going in", async () => {
    const limit = new InFlightLimit({ items: 1, full: "full" });
    limit.enter(1);
    limit.inTurn(async () => {});
    const empty = limit.untilEmpty();
    limit.leave(1);
    await expect(empty).resolves.toBeUndefined();
  });

  it("is empty when nobody waits for it either", async () => {
    const limit = new InFlightLimit({ items: 1, full: "full" });
    for (let count = 0; count < 3; count += 1) limit.inTurn(async () => limit.enter(1));
    let isEmpty = false;
    const empty = limit.untilEmpty().then(() => {
      isEmpty = true;
    });
    for (let left = 3; left > 0; left -= 1) {
      expect(isEmpty).toBe(false);
      limit.leave(1);
      await turn();
    }
    await empty;
    await limit.untilEmpty();
  });
});
