import { describe, expect, it } from "vitest";
import type { Added } from "../producer.js";
import type { Entry } from "../worker/ledger.js";
import { check } from "./check.js";
import type { Final, History } from "./history.js";

/** Histories of one job: good ones are accepted, and each wrong one is found. */

const value = '{"by":"session-1"}';
const added: Added = {
  queue: "q",
  job: "a",
  isCertain: true,
  askedAt: 0,
  delayMs: 0,
  attempts: 3,
  isRemoved: false,
  children: [],
};
const done: Final = { state: "completed", value, attempts: 1, made: 1 };

/** "0 added, 100 active" */
const events = (text: string, job = "a") =>
  text.split(", ").map((one) => {
    const [at, event] = one.split(" ") as [string, string];
    return { at: Number(at), queue: "q", job, event };
  });

function entry(at: number, what: Entry["what"], rest: Partial<Entry> = {}): Entry {
  return { at, worker: "session-1", queue: "q", job: "a", attempt: 1, what, ...rest };
}

/** What a worker writes that completes a job. */
function work(from: number, until: number, rest: Partial<Entry> = {}): Entry[] {
  return [
    entry(from, "got", rest),
    entry(from, "start", rest),
    entry(until, "end", rest),
    entry(until, "report", { outcome: "complete", value, ...rest }),
    entry(until + 10, "verdict", { verdict: "APPLIED", ...rest }),
  ];
}

function historyOf(parts: Partial<History> & { final?: Final | undefined }): History {
  const { final = done, ...rest } = parts;
  return {
    added: [added],
    events: events("0 added, 0 waiting, 100 active, 205 completed"),
    entries: work(101, 200),
    finals: new Map("final" in parts && !parts.final ? [] : [["q/a", final]]),
    cancelled: new Set(),
    left: [],
    leaseMs: 3000,
    calmUntil: 0,
    shiftsClocks: false,
    ...rest,
  };
}

const twice = "0 added, 0 waiting, 100 active, 3200 waiting, 3200 stalled, 3300 active, 3400 completed";
const again = work(3301, 3395, { attempt: 2, worker: "session-2" });
/** The first worker is late, and the second one completes the job. */
const late = [
  entry(101, "got"),
  entry(101, "start"),
  entry(5000, "end"),
  entry(5000, "report", { outcome: "complete", value: "late" }),
  entry(5010, "verdict", { verdict: "LEASE_LOST" }),
];
const putOff = [
  entry(101, "got"),
  entry(200, "report", { outcome: "rateLimited" }),
  entry(210, "verdict", { verdict: "APPLIED" }),
];
const doneTwice = { ...done, attempts: 2 };

describe("the checker accepts", () => {
  it.each<[string, Parameters<typeof historyOf>[0]]>([
    ["a job that is done at once", {}],
    ["a job that is removed when it completes", { added: [{ ...added, isRemoved: true }], final: undefined }],
    [
      "a job that was perhaps not added",
      { added: [{ ...added, isCertain: false }], events: [], entries: [], final: undefined },
    ],
    [
      "a late worker, whose job another has done",
      { events: events(twice), entries: [...late, ...again], final: doneTwice },
    ],
    [
      "a job that goes back as its session broke before it was confirmed",
      {
        events: events("0 added, 100 active, 150 waiting, 160 active, 300 completed"),
        entries: [entry(101, "got"), entry(101, "start"), ...work(165, 290, { attempt: 2 })],
        final: doneTwice,
      },
    ],
    [
      "a failure that is tried again",
      {
        events: events("0 added, 100 active, 150 delayed, 350 waiting, 360 active, 400 completed"),
        entries: [
          entry(101, "got"),
          entry(149, "report", { outcome: "fail", value: "no luck" }),
          entry(151, "verdict", { verdict: "APPLIED" }),
          ...work(361, 395, { attempt: 2 }),
        ],
        final: doneTwice,
      },
    ],
    [
      "a lost answer to a call that was given up in the calm",
      {
        events: events(twice),
        entries: work(3301, 3395, { attempt: 2 }),
        final: doneTwice,
        calmUntil: 4000,
      },
    ],
    [
      "a cancelled job whose worker did not stop within the grace",
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: [...work(101, 300).slice(0, 4), entry(310, "verdict", { verdict: "LEASE_LOST" })],
        final: { ...done, state: "failed", value: "cancelled: a fault" },
        cancelled: new Set(["q/a"]),
      },
    ],
    [
      "a cancelled job that its worker puts off, and that fails instead",
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: putOff,
        final: { ...done, state: "failed", value: "cancelled: a fault" },
        cancelled: new Set(["q/a"]),
      },
    ],
    [
      "a cancelled job that fails with attempts left",
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: [entry(101, "got"), entry(200, "report", { outcome: "fail", value: "no luck" })],
        final: { ...done, state: "failed", value: "no luck" },
        cancelled: new Set(["q/a"]),
      },
    ],
    [
      "a job that lost its worker four times",
      {
        events: events(
          "0 added, 0 active, 3001 waiting, 3001 stalled, 3002 active, 6003 waiting, 6003 stalled, 6004 active, 9005 waiting, 9005 stalled, 9006 active, 12007 waiting, 12007 stalled, 12008 active, 12008 failed",
        ),
        entries: [],
        final: { state: "failed", value: "job stalled more than allowable limit", attempts: 5, made: 1 },
      },
    ],
  ])("%s", (_, parts) => {
    expect(check(historyOf(parts))).toEqual([]);
  });
});

describe("the checker finds", () => {
  it.each<[RegExp, Parameters<typeof historyOf>[0]]>([
    [/^jobs are left at the end: bull:q:wait: 3/, { left: ["bull:q:wait: 3"] }],
    [/^q\/a is missing/, { final: undefined }],
    [
      /was never finished/,
      { events: events("0 added, 0 waiting"), entries: [], final: { ...done, state: "unfinished", attempts: 0 } },
    ],
    [/was added twice/, { events: events("0 added, 1 added, 100 active, 205 completed") }],
    [
      /was begun again while attempt 1 was under way/,
      {
        events: events("0 added, 100 active, 150 active, 205 completed"),
        final: doneTwice,
      },
    ],
    [
      /was begun again after it was completed/,
      {
        events: events("0 added, 100 active, 205 completed, 300 active, 400 completed"),
        final: doneTwice,
      },
    ],
    [
      /was completed, but no attempt was under way/,
      { events: events("0 added, 100 active, 205 completed, 210 completed") },
    ],
    [/is failed, but its last event is completed/, { final: { ...done, state: "failed" } }],
    [/was begun 1 times, but says 2/, { final: doneTwice }],
    [/has the result "other", but attempt 1 reported {"by":"session-1"}/, { final: { ...done, value: '"other"' } }],
    [
      /failed with "why\?", but attempt 1 reported/,
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: [],
        final: { ...done, state: "failed", value: "why?" },
      },
    ],
    [
      /failed with "cancelled: a fault", but attempt 1 reported/,
      {
        events: events("0 added, 100 active, 205 failed"),
        final: { ...done, state: "failed", value: "cancelled: a fault" },
      },
    ],
    [
      /is failed after 1 attempts of 3/,
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: [entry(101, "got"), entry(200, "report", { outcome: "fail", value: "no luck" })],
        final: { ...done, state: "failed", value: "no luck" },
      },
    ],
    [/is completed after 4 attempts of 3/, { final: { ...done, made: 4 } }],
    [
      /failed as stalled, after 0 lost leases/,
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: [],
        final: { ...done, state: "failed", value: "job stalled more than allowable limit" },
      },
    ],
    [
      /worked on by session-1 as attempt 7, which there is not/,
      { entries: [...work(101, 200), entry(300, "got", { attempt: 7 })] },
    ],
    [
      /attempt 1 was given to session-1 and session-2/,
      {
        entries: [...work(101, 200), entry(102, "got", { worker: "session-2" })],
      },
    ],
    [/attempt 1 was given to session-1 and session-1/, { entries: [...work(101, 200), entry(102, "got")] }],
    // A late report is applied, though another has the job.
    [
      /attempt 1: complete was applied, but the job was stalled/,
      {
        events: events(twice),
        entries: [...late.slice(0, 4), entry(5010, "verdict", { verdict: "APPLIED" }), ...again],
        final: doneTwice,
      },
    ],
    [
      /attempt 1: complete had been applied already, but the job was stalled/,
      {
        events: events(twice),
        entries: [...late.slice(0, 4), entry(5010, "verdict", { verdict: "ALREADY_APPLIED" }), ...again],
        final: doneTwice,
      },
    ],
    [
      /attempt 1: complete had been applied already, but the job was failed/,
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: [...work(101, 300).slice(0, 4), entry(310, "verdict", { verdict: "ALREADY_APPLIED" })],
        final: { ...done, state: "failed", value: "cancelled: a fault" },
        cancelled: new Set(["q/a"]),
      },
    ],
    [
      /attempt 1: rateLimited was applied, but the job was failed/,
      {
        events: events("0 added, 100 active, 205 failed"),
        entries: putOff,
        final: { ...done, state: "failed", value: "cancelled: a fault" },
      },
    ],
    [
      /attempt 1 was told that its lease is lost, but it completed the job/,
      {
        entries: [...work(101, 200).slice(0, 4), entry(210, "verdict", { verdict: "LEASE_LOST" })],
      },
    ],
    [/attempt 1 was applied twice/, { entries: [...work(101, 200), entry(220, "verdict", { verdict: "APPLIED" })] }],
    [
      /attempt 1: complete answered ERROR 13/,
      { entries: [...work(101, 200), entry(220, "verdict", { verdict: "ERROR 13" })] },
    ],
    // It is back in line before its lease has ended.
    [
      /attempt 1 was taken away 1070 ms before its lease ended/,
      {
        events: events(twice.replaceAll("3200", "2000")),
        entries: [...late, ...again],
        final: doneTwice,
      },
    ],
    [
      /attempt 1 was taken away 2270 ms before its lease ended/,
      {
        events: events(twice),
        entries: [...late, entry(2510, "held", { from: 2500 }), ...again],
        final: doneTwice,
      },
    ],
    [
      /attempt 1 lost its lease, though nothing was struck/,
      {
        events: events(twice),
        entries: [...late, ...again],
        final: doneTwice,
        calmUntil: 4000,
      },
    ],
    // It is back in line without a reason.
    [
      /attempt 1 was taken away, though its worker had it: waiting/,
      {
        events: events("0 added, 100 active, 150 waiting, 250 active, 400 completed"),
        entries: [entry(101, "got"), entry(120, "held"), ...work(251, 390, { attempt: 2 })],
        final: doneTwice,
      },
    ],
    [
      /attempt 1 was taken away, though its worker had it: waiting/,
      {
        events: events("0 added, 100 active, 150 waiting, 250 active, 400 completed"),
        entries: [entry(101, "got", { worker: "calls-1" }), ...work(251, 390, { attempt: 2 })],
        final: doneTwice,
      },
    ],
    [
      /attempt 2 was worked on beside 1/,
      {
        events: events("0 added, 100 active, 150 delayed, 250 active, 400 completed"),
        entries: [
          entry(101, "start"),
          entry(149, "report", { outcome: "postpone", value: "" }),
          entry(380, "end"),
          ...work(251, 390, { attempt: 2 }),
        ],
        final: doneTwice,
      },
    ],
    [
      /attempt 1 changed the job after attempt 2 had begun/,
      {
        events: events(twice),
        entries: [...late, entry(4010, "updated", { from: 4000, verdict: "APPLIED" }), ...again],
        final: doneTwice,
      },
    ],
    [/was begun 900 ms before it was due/, { added: [{ ...added, delayMs: 1000 }] }],
    [
      /was begun before its children q\/b/,
      {
        added: [
          { ...added, children: [{ queue: "q", job: "b" }] },
          { ...added, job: "b", isCertain: false },
        ],
      },
    ],
  ])("%s", (wanted, parts) => {
    const findings = check(historyOf(parts));
    expect(findings.join("\n")).toMatch(wanted);
  });
});
