import { describe, expect, it } from "vitest";
import { judge, type Verdict } from "../../../src/message/whatsapp/error-verdicts.js";

/** Each code with the HTTP status that would say something else, where there is one: the code decides. */
const listed: Record<Verdict, number[]> = {
  retry: [1, 2, 131000, 131016, 131057, 133004, 133005],
  "slow-down": [4, 80007, 130429],
  "pause-sender": [131048],
  "pair-limit": [131056],
  "stop-sender": [0, 190],
  "give-up": [
    ...[368, 130497, 131031, 131047, 131049, 131050],
    ...[33, 100, 131008, 131009, 131021, 131026, 131051, 131052, 131053],
    ...[132000, 132001, 132005, 132007, 132012, 132015, 132016],
  ],
};

describe("the verdict on an error", () => {
  it.each(Object.entries(listed))("is %s for %j, whatever the HTTP status", (verdict, codes) => {
    for (const status of [200, 400, 401, 429, 500, 503]) {
      expect(codes.map((code) => judge(code, status))).toEqual(codes.map(() => verdict));
    }
  });

  it.each([
    [500, "retry"],
    [503, "retry"],
    [302, "retry"],
    [400, "give-up"],
    [403, "give-up"],
    [404, "give-up"],
    [401, "stop-sender"],
    [429, "slow-down"],
  ])("goes by HTTP %i for a code that is not listed, or none: %s", (status, verdict) => {
    expect(judge(131999, status)).toBe(verdict);
    expect(judge(undefined, status)).toBe(verdict);
  });
});
