import { describe, expect, it } from "vitest";
import type { ReportEntry } from "../../../clients/typescript/src/outbox/entry.js";
import { Outbox } from "../../../clients/typescript/src/outbox/outbox.js";
import type { ReportResult } from "../../../clients/typescript/src/wire/messages.js";
import { PostaError } from "../../../src/errors/posta-error.js";
import { loadContract } from "../../../src/rpc/contract/contract.js";
import { createStatusMap } from "../../../src/rpc/status.js";

/** What the client has to tell Posta, and when it tells it again. */

const { toItem } = createStatusMap(loadContract());

/** A report, with what became of it. */
function createReport() {
  const fates: string[] = [];
  const report: ReportEntry = {
    kind: "report",
    message: { reportId: 0, queue: "q", report: { jobId: "1", leaseToken: "t", complete: { returnValueJson: "" } } },
    bytes: 300,
    settle: (isLost) => fates.push(isLost ? "lost" : "settled"),
    refuse: (problem) => fates.push(problem),
  };
  return { report, fates };
}

/** An outbox with one report, which a session has taken. `added` resolves when there is something to send again. */
function createTaken() {
  let onAdded = () => {};
  const outbox = new Outbox({ added: () => onAdded(), settled: () => {} });
  const { report, fates } = createReport();
  outbox.add(report);
  outbox.take(1);
  const added = new Promise<void>((resolve) => {
    onAdded = resolve;
  });
  return { outbox, report, fates, added };
}

const failed = (error: PostaError) => ({ verdict: "", error: toItem(error) }) as unknown as ReportResult;

const verdict = (name: string): ReportResult => ({ verdict: `REPORT_VERDICT_${name}`, error: null });

describe("a report's verdict", () => {
  it.each([
    ["APPLIED", "settled"],
    ["ALREADY_APPLIED", "settled"],
    ["LEASE_LOST", "lost"],
  ])("%s means %s, also after an answer was lost", (name, fate) => {
    const { outbox, report, fates } = createTaken();
    outbox.putBack([report]);
    outbox.take(1);
    outbox.settle(report, verdict(name));
    expect(fates).toEqual([fate]);
  });
});

describe("a report that failed", () => {
  it("is not sent again before the time that Posta asks for", async () => {
    const { outbox, report, fates, added } = createTaken();
    const failedAt = performance.now();
    outbox.settle(report, failed(new PostaError("exhausted", "the store is full", { retryAfterMs: 2000 })));
    expect(outbox.unsentLeases()).toEqual([{ queue: "q", jobId: "1", leaseToken: "t" }]);
    await added;
    expect(performance.now() - failedAt).toBeGreaterThan(1990);
    expect(outbox.take(1)).toEqual([report]);
    expect(fates).toEqual([]);
  });

  it("as it is too large is refused", () => {
    const { outbox, report, fates } = createTaken();
    outbox.settle(report, failed(new PostaError("exhausted", "1048579 bytes is over 1048576", { field: "f" })));
    expect(fates).toEqual(["1048579 bytes is over 1048576"]);
    expect(outbox.isEmpty).toBe(true);
  });
});
