import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { mistakeBehind } from "../../../src/grpc/incoming/library-status.js";

it.each([
  [status.INTERNAL, "Internal server error", { code: "cancelled" }],
  [status.INTERNAL, 'Invalid grpc-timeout value "5s"', { code: "invalid", message: expect.stringContaining('"5s"') }],
  [status.UNIMPLEMENTED, "Received no request message for server streaming method /a/B", { field: "request" }],
])("what grpc-js ends a call with, %i %s, is told as the caller's mistake", (code, details, error) => {
  expect(mistakeBehind({ code, details, metadata: null })).toMatchObject(error);
});

it.each([
  [status.INTERNAL, "internal error"],
  [status.UNIMPLEMENTED, "The server does not implement the method /a/B"],
  [status.UNAVAILABLE, "Internal server error"],
])("what is none of grpc-js's own stays: %i %s", (code, details) => {
  expect(mistakeBehind({ code, details, metadata: null })).toBeUndefined();
});
