import { describe, expect, it } from "vitest";
import { type Check, formatLine, formatTodo, selectChecks, toFinding } from "../../ops/preflight/check.js";
import { judgeProfile } from "../../ops/preflight/cpu-profile.js";
import { judgeVolume } from "../../ops/preflight/data-volume.js";
import { judgeQueries } from "../../ops/preflight/database-queries.js";
import { judgeLogCost } from "../../ops/preflight/log-cost.js";
import { judgeOutage } from "../../ops/preflight/outage.js";
import { readLog } from "../../ops/preflight/query-plans.js";
import { judgeLimits } from "../../ops/preflight/rate-limit.js";
import { judgeRecovery } from "../../ops/preflight/recovery.js";

describe("a recovery", () => {
  const audit = { acknowledged: 7642, lost: 0, twice: 0 };
  const good = { tookMs: 993, failedCalls: 20, audit };

  it("passes with every acknowledged job there once", () => {
    const { verdict, evidence } = judgeRecovery(good, { ...good, tookMs: 9 });
    expect(verdict).toBe("ok");
    expect(evidence).toContain(
      "SERVING again after 993 ms, 20 calls failed, of 7,642 acknowledged jobs 0 lost, 0 twice",
    );
    expect(evidence).toContain("9 ms after it is back");
  });

  it.each([
    { ...good, audit: { ...audit, lost: 1 } },
    { ...good, audit: { ...audit, twice: 1 } },
    { ...good, audit: { ...audit, acknowledged: 0 } },
    { ...good, tookMs: 10_001 },
  ])("fails otherwise: %o", (bad) => {
    expect(judgeRecovery(bad, good).verdict).toBe("FAILED");
    expect(judgeRecovery(good, bad).verdict).toBe("FAILED");
  });
});

describe("an outage of the queues' store", () => {
  const audit = { acknowledged: 16_990, lost: 0, twice: 0 };
  const good = { calls: 17_000, spooled: 15_000, failedCalls: 10, tookMs: 2950, audit };

  it("passes with every acknowledged job there once, some of them by the spool", () => {
    const { verdict, evidence } = judgeOutage(good);
    expect(verdict).toBe("ok");
    expect(evidence).toContain("of 17,000 calls 1,990 added, 15,000 spooled, 10 failed; 0 lost, 0 twice");
  });

  it.each([
    { ...good, audit: { ...audit, lost: 1 } },
    { ...good, audit: { ...audit, twice: 1 } },
    { ...good, spooled: 0 },
    { ...good, calls: 17_001 },
  ])("fails otherwise: %o", (bad) => {
    expect(judgeOutage(bad).verdict).toBe("FAILED");
  });
});

describe("the other checks", () => {
  const limits = { begun: 200, offered: 800, calls: 8, refused: 7, withDelay: 7, delayMs: 250 };
  it.each([
    ["ok", {}],
    ["FAILED", { begun: 250 }],
    ["FAILED", { begun: 100 }],
    ["FAILED", { begun: 800 }],
    ["FAILED", { refused: 0, withDelay: 0 }],
    ["FAILED", { withDelay: 6 }],
    ["FAILED", { refused: 8, withDelay: 8 }],
  ])("limits are %s with %o", (verdict, change) => {
    expect(judgeLimits({ ...limits, ...change }).verdict).toBe(verdict);
  });

  const log = {
    silent: [7000, 6800, 7100],
    logged: [6000, 6100, 5900],
    bytes: 3070,
    lines: 10,
    dropped: 0,
    malformed: 0,
  };
  it.each([
    ["ok", {}],
    ["ok", { dropped: 5 }],
    ["FAILED", { logged: [3000, 3100, 2900] }],
    ["FAILED", { lines: 0 }],
    ["FAILED", { malformed: 1 }],
  ])("a log is %s with %o", (verdict, change) => {
    expect(judgeLogCost({ ...log, ...change }).verdict).toBe(verdict);
  });

  it("says what a log costs", () => {
    expect(judgeLogCost(log).evidence).toContain(
      "7,000 failed calls/s without a log, 6,000 with one to a pipe (14% fewer); 307 bytes a line",
    );
  });

  const volume = { addEmpty: 8.4, addFull: 12.8, getQueue: 3.3, firstPage: 15.8, deepPage: 16, failedPage: 16.5 };
  it.each([
    ["ok", {}],
    ["FAILED", { addFull: 201 }],
    ["not measured", { addFull: 400, addEmpty: 201 }],
    ["FAILED", { getQueue: 101 }],
    ["FAILED", { deepPage: 101 }],
    ["FAILED", { failedPage: 101 }],
  ])("a data volume is %s with %o", (verdict, change) => {
    expect(judgeVolume({ ...volume, ...change }, { add: 200, read: 100 }).verdict).toBe(verdict);
  });

  const functions = [{ name: "writeBuffer", place: "native", ms: 120 }];
  const profile = { totalMs: 2000, idleMs: 1000, garbageMs: 140, programMs: 90, functions };
  it.each([
    ["ok", {}],
    ["FAILED", { functions: [] }],
  ])("a CPU profile is %s with %o", (verdict, change) => {
    expect(judgeProfile({ ...profile, ...change }, 3000).verdict).toBe(verdict);
  });

  it("says what a CPU profile shows", () => {
    expect(judgeProfile(profile, 3000).evidence).toBe(
      "AddJob at 3,000/s, a server 50.0% busy; garbage collection 14.0%, the event loop's own system calls 9.0%; most in writeBuffer (native) 12.0%",
    );
  });
});

describe("the list", () => {
  const check = (name: string): Check => ({ name, seconds: 0, run: () => toFinding(true, "", "") });
  const checks = ["Check memory under load", "Check log performance", "Validate rate limiting"].map(check);

  it("can be run in part, by words of the names", () => {
    expect(selectChecks(checks, undefined)).toEqual(checks);
    expect(selectChecks(checks, "").map(({ name }) => name)).toHaveLength(3);
    expect(selectChecks(checks, "LOG,memory")).toEqual(checks.slice(0, 2));
    expect(() => selectChecks(checks, "logs")).toThrow(
      /ONLY: no check has "logs" in its name; there are: Check memory/,
    );
  });

  it("has a line for each, and in the end what to do", () => {
    const [first, second] = checks as [Check, Check];
    const failed = toFinding(false, "1300 MiB", "look for what grows");
    expect(formatLine(first, failed)).toMatch(/^FAILED {8}Check memory under load {12}1300 MiB$/);
    const results = [
      { check: first, finding: failed },
      { check: second, finding: toFinding(true, "5 ms", "nothing") },
    ];
    expect(formatTodo(results)).toEqual(["", "To do:", "- Check memory under load: look for what grows"]);
    expect(formatTodo(results.slice(1))).toEqual([]);
  });
});

describe("the database's queries", () => {
  const plan = (statement: string, table: string, rows: number) => ({ statement, rows: new Map([[table, rows]]) });
  const endless = Number.POSITIVE_INFINITY;
  const many = Array.from({ length: 30 }, (_, n) => plan(`SELECT ${n}`, "small", endless));
  const large = new Map([["messages_2026_11", 20_000]]);

  it("are ok when none reads much of a large table", () => {
    const part = plan("SELECT", "messages_2026_11", 4_999);
    expect(judgeQueries([...many, part], large)).toMatchObject({
      verdict: "ok",
      evidence: expect.stringContaining("31 statements"),
    });
  });

  it.each([
    [endless, "the whole"],
    [5_000, "5,000 rows"],
  ])("are not ok when one reads %s rows of it", (rows, told) => {
    expect(judgeQueries([...many, plan("SELECT  FROM messages", "messages_2026_11", rows)], large)).toMatchObject({
      verdict: "FAILED",
      evidence: expect.stringContaining(`${told} of messages_2026_11 by "SELECT FROM messages"`),
    });
  });

  it("are not ok when there are too few to be all", () => {
    expect(judgeQueries(many.slice(0, 5), large).verdict).toBe("FAILED");
  });

  it("are read from PostgreSQL's log, each once, with the scans of all its runs, wherever in the plan they are", () => {
    const scan = (table: string) => ({ "Node Type": "Seq Scan", "Relation Name": table, "Actual Rows": 1 });
    const found = (rows: number, loops: number, removed: number) => ({
      ...{ "Node Type": "Index Scan", "Relation Name": "outbox", "Actual Rows": rows },
      ...{ "Actual Loops": loops, "Rows Removed by Filter": removed },
    });
    const entry = (statement: string, plan: object) =>
      `2026-11-26 12:00:00.000 UTC [17] LOG:  duration: 0.017 ms  plan:\n${JSON.stringify({ "Query Text": statement, Plan: plan }, null, 2).replace(/^/gm, "\t")}\n`;
    const log = [
      "2026-11-26 12:00:00.000 UTC [17] LOG:  received SIGHUP, reloading configuration files\n",
      entry("SELECT 1", { "Node Type": "Nested Loop", Plans: [{ "Node Type": "Append", Plans: [scan("spool")] }] }),
      entry("SELECT 2", found(10, 2, 5)),
      entry("SELECT 2", found(1, 1, 0)),
      entry("SELECT 1", scan("outbox")),
      entry("SELECT 2", { "Node Type": "Limit", Plans: [{ ...scan("messages"), "Rows Removed by Filter": 7 }] }),
      entry("SELECT 3", { "Node Type": "Append", Plans: [{ ...scan("messages"), "Actual Loops": 0 }] }),
      entry("SELECT 3", { ...found(1, 1, 2), "Rows Removed by Index Recheck": 4 }),
      entry("UPDATE", { "Node Type": "ModifyTable", "Relation Name": "spool", Plans: [found(2, 1, 0)] }),
      "2026-11-26 12:00:00.000 UTC [17] LOG:  duration: 0.017 ms  plan:",
    ];
    expect(readLog(log.join(""))).toEqual([
      {
        statement: "SELECT 1",
        rows: new Map([
          ["spool", endless],
          ["outbox", endless],
        ]),
      },
      {
        statement: "SELECT 2",
        rows: new Map([
          ["outbox", 30],
          ["messages", 7],
        ]),
      },
      {
        statement: "SELECT 3",
        rows: new Map([
          ["messages", 0],
          ["outbox", 7],
        ]),
      },
      { statement: "UPDATE", rows: new Map([["outbox", 2]]) },
    ]);
  });
});
