import { describe, expect, it } from "vitest";
import { SpecReader, type SpoolRow } from "../../../src/queue/spool/spool-row.js";

function row(options: object, waitedMs: number): SpoolRow {
  const rest = { seq: 1, queue: "q", jobId: "j", name: "n", data: "{}", redrive: false };
  return { ...rest, options: JSON.stringify(options), waitedMs };
}

describe("rows of the spool with the same options", () => {
  it("have what is left of their own delay, each", () => {
    const specs = new SpecReader();
    const options = { attempts: 3, delay: 1000 };
    const left = [1500, 500, 1000, 200].map((waitedMs) => specs.read(row(options, waitedMs)).delayMs);
    expect(left).toEqual([0, 500, 0, 800]);
  });

  it("have the same options and their own payload, also after a row with others", () => {
    const specs = new SpecReader();
    const plain = { attempts: 3, tm: "{}" };
    const [first, other, last] = [plain, { attempts: 5 }, plain].map((options) => specs.read(row(options, 0)));
    expect(last).toEqual(first);
    expect(other?.options).toEqual({ attempts: 5 });
    expect(specs.read({ ...row(plain, 0), data: '"x"', name: "m" })).toMatchObject({
      name: "m",
      dataJson: '"x"',
      dataBytes: 3,
    });
  });

  it("are refused if their options are no JSON", () => {
    expect(() => new SpecReader().read({ ...row({}, 0), options: "{" })).toThrow();
  });
});
