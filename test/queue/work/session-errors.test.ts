import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { open } from "./session-setup.js";
import { add, freshQueue, posta } from "./work-setup.js";

/** Sessions of workers that make mistakes. */

describe("a session", () => {
  it("has at most 100 queues", async () => {
    const session = open();
    session.hello(freshQueue(), 0);
    for (let more = 0; more < 100; more += 1)
      session.stream.write({ credit: { queue: `more-${more}`, maxInFlight: 0 } });
    const details = expect.stringMatching(/^credit\.queue: is one of over 100 queues/);
    expect(await session.ended).toMatchObject({ code: status.INVALID_ARGUMENT, details });
  });

  it.each<[string, object, RegExp]>([
    ["no hello", { heartbeat: {} }, /^message: heartbeat came before the hello/],
    ["nothing", {}, /^message: is required/],
    ["no queue", { hello: { worker: "w" } }, /^hello\.credits: is required/],
    ["no worker", { hello: { credits: [{ queue: "q", maxInFlight: 1 }] } }, /^hello\.worker: is required/],
    [
      "a bad queue",
      { hello: { worker: "w", credits: [{ queue: "a:b" }] } },
      /^hello\.credits\[0\]\.queue: "a:b" has a ':'/,
    ],
    [
      "negative credit",
      { hello: { worker: "w", credits: [{ queue: "q", maxInFlight: -1 }] } },
      /^hello\.credits\[0\]\.max_in_flight: -1 is under 0/,
    ],
    [
      "a token that is none",
      { hello: { worker: "w", credits: [{ queue: "q" }], resume: [{ queue: "q", jobId: "j", leaseToken: "t" }] } },
      /^hello\.resume\[0\]\.lease_token: "t" is no token/,
    ],
  ])("with %s ends with an error that names the field", async (_, message, details) => {
    const session = open();
    session.stream.write(message);
    expect(await session.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
  });

  it("fails a report that is wrong alone, and takes the others of the same message", async () => {
    const queue = freshQueue();
    const session = open();
    session.hello(queue, 2);
    await add(queue, 2);
    await expect.poll(() => session.jobs().length).toBe(2);
    const [one, two] = session.jobs().map(({ jobId, leaseToken }) => ({ jobId, leaseToken }));
    const reports = [
      { reportId: 1, queue, report: { ...one, complete: { returnValueJson: "{" } } },
      { reportId: 2, queue: "bad:queue", report: { ...one, complete: {} } },
      { reportId: 3, queue, report: { ...two, complete: {} } },
      { reportId: 4, queue },
    ];
    session.stream.write({ reports: { reports } });
    const acks = await session.acks(4);
    const byId = Object.fromEntries(
      acks.map(({ reportId, result }) => [reportId, result.error?.message ?? result.verdict]),
    );
    expect(byId).toEqual({
      1: expect.stringMatching(/^reports\.reports\[0\]\.report\.complete\.return_value_json: is not JSON/),
      2: expect.stringMatching(/^reports\.reports\[1\]\.queue: "bad:queue" has a ':'/),
      3: "REPORT_VERDICT_APPLIED",
      4: expect.stringMatching(/^reports\.reports\[3\]\.report: is required/),
    });
  });

  it("stops reading a worker that reads nothing, so that what it holds stays bounded", async () => {
    const queue = freshQueue();
    const session = open();
    session.stream.pause();
    session.stream.write({ hello: { worker: "w", credits: [{ queue, maxInFlight: 0 }] } });
    const report = {
      reportId: 1,
      queue,
      report: { jobId: "j".repeat(2000), leaseToken: `posta:${"A".repeat(22)}:1:1`, complete: {} },
    };
    for (let sent = 0; sent < 400; sent += 1) session.stream.write({ reports: { reports: Array(50).fill(report) } });
    const settled = async () =>
      (await posta.metrics.getSingleMetric("posta_work_late_reports_total")?.get())?.values[0]?.value;
    const before = Number(await settled());
    let last = -1;
    // It settles some, and then no more, though 20,000 have been sent.
    await expect
      .poll(
        async () => {
          const is = last;
          last = Number(await settled());
          return last === is;
        },
        { interval: 1000, timeout: 15_000 },
      )
      .toBe(true);
    expect(last - before).toBeLessThan(10_000);
    await sleep(1000);
    expect(await settled()).toBe(last);
  });
});
