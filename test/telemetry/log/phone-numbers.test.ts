import { describe, expect, it } from "vitest";
import { maskAllNumbers, maskDigits, maskPhoneNumbers } from "../../../src/telemetry/log/phone-numbers.js";

describe("a number that is masked", () => {
  it.each([
    ["34600123456", "*******3456"],
    ["+34 (600) 123-456", "+** (***) **3-456"],
    ["1234", "1234"],
    ["", ""],
  ])("keeps its last four digits and its form: %s", (number, masked) => {
    expect(maskDigits(number)).toBe(masked);
  });
});

describe("in a text of somebody else", () => {
  it.each([
    ["to 34600123456 and +34 600-123-457", "to ***3456 and ***3457"],
    ["1234567", "***4567"],
    ["code 131026", "code 131026"],
    // An id would be hidden too.
    ["job 123456789", "job ***6789"],
  ])("every long number is hidden, and how long it was: %s", (text, masked) => {
    expect(maskAllNumbers(text)).toBe(masked);
  });
});

describe("in a line of the log", () => {
  it.each([
    ["to 34600123456", "to *******3456"],
    ['no job "123456789"', 'no job "123456789"'],
    ["code 131026", "code 131026"],
  ])("only phone numbers are hidden: %s", (line, masked) => {
    expect(maskPhoneNumbers(line)).toBe(masked);
  });
});
