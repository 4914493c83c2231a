import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkWay, readWays } from "./ways.js";

const ways = readWays(readFileSync("docs/architecture.md", "utf8"));

describe("docs/architecture.md", () => {
  it("has the ways of AddJob, TrackEvent, GetTimeSeries and of a message", () => {
    const names = ways.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["AddJob", "TrackEvent", "GetTimeSeries"]));
    expect(names.filter((name) => name.startsWith("SendMessage: "))).toHaveLength(3);
  });

  it.each(ways)("lists files that exist, each imported as it says: $name", (way) => {
    expect(way.steps.length).toBeGreaterThan(4);
    expect(checkWay(way)).toEqual([]);
  });

  it("enters each file of a way once", () => {
    const repeated = ways.flatMap(({ name, steps }) => {
      const files = steps.map(({ file }) => file);
      return files.filter((file, index) => files.indexOf(file) !== index).map((file) => `${name}: ${file}`);
    });
    expect(repeated).toEqual([]);
  });
});

describe("a way", () => {
  const list = (...lines: string[]) => readWays(`### A way\n\n${lines.join("\n")}\n`).flatMap(checkWay);
  const observe = "1. [observe](../src/grpc/observe.ts): one";

  it("finds a file that does not exist", () => {
    expect(list(observe, "2. *across Redis:* [gone](../src/gone.ts): two")).toEqual(["src/gone.ts does not exist"]);
  });

  it("finds a step without an import", () => {
    const expected = ["src/grpc/observe.ts does not import src/rpc/admission.ts"];
    expect(list(observe, "2. [admission](../src/rpc/admission.ts): two")).toEqual(expected);
  });

  it("finds a joint that does not join", () => {
    const step = "2. *joined by [server](../src/http/server.ts):* [router](../src/http/router.ts): two";
    expect(list(observe, step)).toEqual([
      "src/http/server.ts imports no earlier file of the way to src/http/router.ts",
    ]);
  });

  it("refuses a line that is no step", () => {
    expect(() => readWays("### A way\n\n1. just text")).toThrow("no step of a way: 1. just text");
  });
});
