import { expect, it } from "vitest";
import { PostaError, toPostaError } from "../../src/errors/posta-error.js";

it("an error that is thrown with no text leaves other errors their stacks", () => {
  const thrown = [undefined, null, 5, Symbol("s"), Object.create(null)];
  for (const message of thrown as string[]) {
    try {
      new PostaError("invalid", message);
    } catch {
      // Of what cannot be a text.
    }
    expect(new Error("x").stack).toMatch(/posta-error\.test/);
  }
});

it("only an internal error has a stack, for the log", () => {
  const internal = toPostaError(new TypeError("x"));
  expect(internal.stack).toMatch(/posta-error\.test/);
  expect(new PostaError("internal", "the queue could not be processed").stack).toMatch(/posta-error\.test/);
  expect(new PostaError("invalid", "name: is required").stack).not.toMatch(/\bat /);
});
