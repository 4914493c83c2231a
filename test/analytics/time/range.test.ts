import { expect, it } from "vitest";
import { splitAt } from "../../../src/analytics/time/range.js";

const hour = 10;
const seam = hour * 60;

it.each([
  ["before the hour", { start: 0, end: seam - 1 }, { start: 0, end: seam - 1 }, undefined],
  ["up to the hour", { start: 0, end: seam }, { start: 0, end: seam }, undefined],
  [
    "across the hour",
    { start: seam - 1, end: seam + 1 },
    { start: seam - 1, end: seam },
    { start: seam, end: seam + 1 },
  ],
  ["from the hour on", { start: seam, end: seam + 60 }, undefined, { start: seam, end: seam + 60 }],
  ["after the hour", { start: seam + 1, end: seam + 60 }, undefined, { start: seam + 1, end: seam + 60 }],
])("a range %s is split without an empty part", (_, range, before, after) => {
  expect(splitAt(range, hour)).toEqual({ before, after });
});
