import { describe, expect, it } from "vitest";
import { invalid, PostaError } from "../../src/errors/posta-error.js";
import { loadContract } from "../../src/rpc/contract/contract.js";
import { createStatusMap } from "../../src/rpc/status.js";

describe("the errors of one answer", () => {
  it("have details up to 256 KiB, and say after that still when to try again", () => {
    const toItem = createStatusMap(loadContract()).forItems();
    const kinds = (error: unknown) => toItem(error).details.map(({ type_url }) => type_url.split("rpc.")[1]);
    const busy = new PostaError("exhausted", "too much is under way", { retryAfterMs: 250 });
    const wrong = invalid("jobs[0].name", "x".repeat(1000));
    expect([kinds(wrong), kinds(busy)]).toEqual([["BadRequest"], ["RetryInfo"]]);
    for (let sent = 0; sent < 300; sent += 1) toItem(wrong);
    expect([kinds(wrong), kinds(busy)]).toEqual([[], ["RetryInfo"]]);
    expect(toItem(wrong).message.length).toBe(100);
  });
});
