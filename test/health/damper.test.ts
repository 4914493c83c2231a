import { describe, expect, it } from "vitest";
import type { CheckStatus } from "../../src/health/check.js";
import { Damper } from "../../src/health/damper.js";

/** Takes readings at their times, and tells what was shown after each. */
function show(readings: [number, CheckStatus][]): CheckStatus[] {
  const damper = new Damper("store");
  return readings.map(([at, status]) => damper.take({ status, detail: "It is so." }, at).status);
}

describe("a damped check", () => {
  it("shows the first it hears, and a loss, at once", () => {
    expect(
      show([
        [0, "OK"],
        [1, "DOWN"],
      ]),
    ).toEqual(["OK", "DOWN"]);
  });

  it("shows that it is well when it has been for a moment", () => {
    const shown = show([
      [0, "OK"],
      [1000, "DOWN"],
      [2000, "OK"],
      [2249, "OK"],
      [2250, "OK"],
    ]);
    expect(shown).toEqual(["OK", "DOWN", "DOWN", "DOWN", "OK"]);
  });

  it("counts what was not tried yet neither as bad nor as lost", () => {
    const damper = new Damper("store");
    damper.take({ status: "DOWN", detail: "Not yet.", untried: true }, 0);
    expect(damper.take({ status: "OK", detail: "There." }, 1)).toMatchObject({ status: "OK", since: 1 });
  });

  it("begins to wait anew when it gets bad again", () => {
    const shown = show([
      [0, "DOWN"],
      [100, "OK"],
      [200, "DOWN"],
      [300, "OK"],
      [400, "OK"],
      [550, "OK"],
    ]);
    expect(shown).toEqual(["DOWN", "DOWN", "DOWN", "DOWN", "DOWN", "OK"]);
  });

  it("is DEGRADED after repeated losses, says so, and is OK when they are long ago", () => {
    const damper = new Damper("store");
    const take = (at: number, status: CheckStatus) => damper.take({ status, detail: "It answers." }, at);
    take(0, "OK");
    for (const at of [1000, 2000, 3000]) {
      expect(take(at, "DOWN").status).toBe("DOWN");
      take(at + 500, "OK");
    }
    expect(take(4000, "OK").status).toBe("DOWN"); // 500 ms are not enough any more.
    expect(take(5500, "OK")).toMatchObject({
      status: "DEGRADED",
      detail: "It comes and goes: 3 times in 30 s. Now: It answers.",
    });
    expect(take(20_000, "OK").status).toBe("DEGRADED");
    take(31_100, "OK");
    expect(take(31_400, "OK").status).toBe("OK");
  });

  it("tells since when it is as it is", () => {
    const damper = new Damper("store");
    const take = (at: number, status: CheckStatus) => damper.take({ status, detail: "" }, at).since;
    expect([take(0, "OK"), take(100, "OK"), take(200, "DOWN"), take(300, "DOWN")]).toEqual([0, 0, 200, 200]);
  });
});
