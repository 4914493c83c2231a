import { describe, expect, it } from "vitest";
import { createMatcher } from "../../../src/rpc/auth/pattern.js";
import { createRandom } from "../../support/whatsapp/random.js";

/** What a pattern means, told by a table instead of by a search: whether the first i of it cover the first j of the name. */
function covers(pattern: string, name: string): boolean {
  let row = [true, ...new Array<boolean>(name.length).fill(false)];
  for (const sign of pattern) {
    const before = row;
    row = before.map((_, at) => {
      if (sign === "*") return before.slice(0, at + 1).includes(true);
      return at > 0 && (before[at - 1] as boolean) && name[at - 1] === sign;
    });
  }
  return row[name.length] as boolean;
}

describe("a pattern", () => {
  it.each([
    ["orders", "orders", true],
    ["orders", "orders2", false],
    ["orders", "Orders", false],
    ["*", "", true],
    ["*", "any\nthing", true],
    ["mail*", "mail", true],
    ["mail*", "xmail", false],
    ["*.sent", "mail.sent", true],
    ["*.sent", "mail-sent", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["ab*ba", "aba", false],
    ["*ab*ab*", "ab", false],
    ["**a**", "bab", true],
    ["a.b", "axb", false],
    ["[a]", "a", false],
  ])("%s covers %j: %s", (pattern, name, is) => {
    expect(createMatcher(pattern)(name)).toBe(is);
  });

  it("covers what its definition says, whatever it is", () => {
    const random = createRandom(7);
    const draw = (signs: string, most: number) =>
      Array.from({ length: Math.floor(random() * most) }, () => signs[Math.floor(random() * signs.length)]).join("");
    let covered = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const [pattern, name] = [draw("ab*", 8), draw("ab", 10)];
      const is = covers(pattern, name);
      expect(createMatcher(pattern)(name), `${pattern} ${name}`).toBe(is);
      if (is) covered += 1;
    }
    expect(covered).toBeGreaterThan(1000);
  });

  it("costs no more than its length times the name's", () => {
    const evil = createMatcher(`${"a*".repeat(120)}b`);
    const begun = performance.now();
    for (let round = 0; round < 1000; round += 1) expect(evil("a".repeat(128))).toBe(false);
    // A regular expression takes longer than the universe has been there.
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
