import { expect, it } from "vitest";
import { readPayloads } from "../../perf/ghz/payloads.js";

it("a load's requests name days from today on, so that a range stays the same as time passes", () => {
  const [first] = readPayloads("get-time-series.json", Date.parse("2027-03-05T12:34:56Z"));
  expect(first).toMatchObject({ start: "2027-02-04T00:00:00.000Z", end: "2027-03-06T00:00:00.000Z" });
});
