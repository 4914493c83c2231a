import { expect, it } from "vitest";
import { ToldProblems } from "../../../src/telemetry/log/told-problems.js";

it("is new once for each problem, also where two take turns, until the work succeeds", () => {
  const told = new ToldProblems();
  const round = () => ["refused", "timed out"].filter((problem) => told.isNew(problem));
  expect([...Array(100)].flatMap(round)).toEqual(["refused", "timed out"]);
  told.clear();
  expect(round()).toEqual(["refused", "timed out"]);
});

it("keeps silent about problems beyond a number: texts may be as many as they like", () => {
  const told = new ToldProblems();
  const texts = Array.from({ length: 1000 }, (_, index) => `no ${index}`);
  expect(texts.filter((text) => told.isNew(text))).toEqual(texts.slice(0, 20));
});
