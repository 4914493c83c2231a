import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { mistakeBehind } from "../../../src/grpc/incoming/library-status.js";

it.each([
  ["Internal server error", "cancelled"],
  ['Invalid grpc-timeout value "5s"', "invalid"],
])("what grpc-js calls INTERNAL, %s, is told as %s", (details, code) => {
  expect(mistakeBehind({ code: status.INTERNAL, details, metadata: null })).toMatchObject({ code });
});

it.each([
  [status.INTERNAL, "internal error"],
  [status.UNAVAILABLE, "Internal server error"],
])("what is none of grpc-js's own stays: %i %s", (code, details) => {
  expect(mistakeBehind({ code, details, metadata: null })).toBeUndefined();
});
