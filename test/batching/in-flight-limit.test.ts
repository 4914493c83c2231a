import { describe, expect, it } from "vitest";
import { InFlightLimit } from "../../src/batching/in-flight-limit.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a room", () => {
  it("refuses who comes when it is full, by number or by weight", () => {
    const room = new InFlightLimit({ items: 2, bytes: 10, full: "full" });
    room.enter(1);
    room.weigh(10);
    expect(() => room.enter(1)).toThrow("full");
    room.leave(0, 10);
    room.enter(1);
    expect(() => room.enter(1)).toThrow("full");
  });

  it("lets in who waits in their order, and never while somebody leaves", async () => {
    const room = new InFlightLimit({ items: 1, full: "full" });
    const entered: string[] = [];
    const come = (name: string) => room.inTurn(async () => entered.push(name) && room.enter(1));
    for (const name of ["a", "b", "c"]) come(name);
    expect(entered).toEqual(["a"]);
    room.leave(1);
    expect(entered).toEqual(["a"]);
    await turn();
    expect(entered).toEqual(["a", "b"]);
  });

  it("refuses who comes by while others wait", async () => {
    const room = new InFlightLimit({ items: 1, full: "full" });
    room.enter(1);
    room.inTurn(async () => room.enter(1));
    room.leave(1);
    expect(() => room.enter(1)).toThrow("full");
    await turn();
    room.leave(1);
    room.enter(1);
  });

  it("is empty when who waited went away instead of going in", async () => {
    const room = new InFlightLimit({ items: 1, full: "full" });
    room.enter(1);
    room.inTurn(async () => {});
    const empty = room.untilEmpty();
    room.leave(1);
    await expect(empty).resolves.toBeUndefined();
  });

  it("is empty when nobody waits for it either", async () => {
    const room = new InFlightLimit({ items: 1, full: "full" });
    for (let count = 0; count < 3; count += 1) room.inTurn(async () => room.enter(1));
    let isEmpty = false;
    const empty = room.untilEmpty().then(() => {
      isEmpty = true;
    });
    for (let left = 3; left > 0; left -= 1) {
      expect(isEmpty).toBe(false);
      room.leave(1);
      await turn();
    }
    await empty;
    await room.untilEmpty();
  });
});
