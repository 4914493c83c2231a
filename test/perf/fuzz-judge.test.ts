import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { judgeAnswer, judgeCpu, WorstCosts } from "../../perf/fuzz/amplification.js";
import type { Case } from "../../perf/fuzz/case.js";
import { Contract, type Method } from "../../perf/fuzz/contract.js";
import { countFrames, frame } from "../../perf/fuzz/frames.js";
import { judgeCall, judgePage } from "../../perf/fuzz/judge-call.js";
import { judgeLine } from "../../perf/fuzz/judge-log.js";
import { judgeWatch } from "../../perf/fuzz/judge-watch.js";
import { readLimits } from "../../perf/fuzz/limits.js";
import type { Observation } from "../../perf/fuzz/observation.js";
import { readAnswer } from "../../perf/fuzz/read-answer.js";
import type { WatchRecord } from "../../perf/fuzz/watch.js";

const contract = new Contract();
const secret = "0123456789abcdef0123";
const limits = readLimits();

function find(name: string): Method {
  const found = contract.methods.find((method) => method.name.endsWith(`/${name}`));
  if (!found) throw new Error(`no method ${name}`);
  return found;
}

const plan: Case = {
  seed: 1,
  number: 2,
  form: "grpc",
  target: "posta.queue.v1.QueueService/GetJob",
  caller: "owner",
  verb: "POST",
  path: "/posta.queue.v1.QueueService/GetJob",
  headers: {},
  chunks: [],
  ending: "end",
  deadlineMs: 5000,
  oddities: [],
  ownConnection: false,
};

function encode(type: string, value: object): Buffer {
  return Buffer.from(contract.type(type).encode(contract.type(type).fromObject(value)).finish());
}

/** The trailers of a failed call, with what BadRequest says. */
function failure(code: number, message: string, field?: string): Record<string, string> {
  const violation = encode("google.rpc.BadRequest", { field_violations: [{ field, description: message }] });
  const details =
    field === undefined ? [] : [{ type_url: "type.googleapis.com/google.rpc.BadRequest", value: violation }];
  const rich = encode("google.rpc.Status", { code, message, details }).toString("base64");
  return { "grpc-status": String(code), "grpc-message": encodeURIComponent(message), "grpc-status-details-bin": rich };
}

interface Seen {
  plan?: Partial<Case>;
  headers?: Record<string, string>;
  body?: Buffer;
  method?: string;
  end?: Observation["end"];
  httpStatus?: number;
  answerBytes?: number | undefined;
}

/** The rules that an answer breaks. */
function rulesOf({
  plan: other,
  headers = {},
  body = Buffer.alloc(0),
  method = "GetJob",
  end = "answered",
  httpStatus = 200,
  answerBytes = 0,
}: Seen): string[] {
  const seen = {
    plan: { ...plan, ...other },
    end,
    httpStatus,
    headers,
    body,
    answerBytes,
    elapsedMs: 9,
    reason: "reset",
  };
  const found = find(method);
  return judgeCall(seen, readAnswer(seen, found, contract), { method: found, secrets: [secret] }).map(
    ({ rule }) => rule,
  );
}

const jobAnswer = (text: string) => frame(encode("posta.queue.v1.GetJobResponse", { job: { name: text } }));

describe("an answer", () => {
  it("that is as it should be breaks no rule", () => {
    expect(rulesOf({ headers: { "grpc-status": "0" }, body: jobAnswer("a") })).toEqual([]);
    expect(rulesOf({ headers: failure(3, "queue: is required", "queue") })).toEqual([]);
    expect(rulesOf({ headers: failure(16, "send a token"), plan: { caller: "nobody" } })).toEqual([]);
  });

  it("that does not come, or has no status, is a fault; one that its caller did not wait for is none", () => {
    expect(rulesOf({ end: "silent" })).toEqual(["answered"]);
    expect(rulesOf({ end: "cut" })).toEqual(["answered"]);
    expect(rulesOf({ end: "left" })).toEqual([]);
    expect(rulesOf({ end: "cut", plan: { oddities: ["metadata-huge"] } })).toEqual([]);
  });

  it("with INTERNAL, UNKNOWN or DATA_LOSS is a fault, also of one item and over HTTP", () => {
    for (const code of [2, 13, 15]) expect(rulesOf({ headers: failure(code, "x") })).toContain("internal");
    const item = encode("posta.queue.v1.AddJobsResponse", { results: [{ error: { code: 13, message: "x" } }] });
    expect(rulesOf({ headers: { "grpc-status": "0" }, body: frame(item), method: "AddJobs" })).toEqual(["internal"]);
    const body = Buffer.from(JSON.stringify({ code: "internal", message: "x" }));
    const json = { plan: { form: "json" as const }, headers: { "content-type": "application/json" }, body };
    expect(rulesOf({ ...json, httpStatus: 500 })).toEqual(["internal"]);
    const verb = Buffer.from(JSON.stringify({ code: "unknown", message: "use POST" }));
    expect(rulesOf({ ...json, body: verb, httpStatus: 405 })).toEqual([]);
  });

  it.each([
    ["a stack trace", "failed at work (dist/queue/add.js:10:5)"],
    ["a path", "no file /home/posta/.posta/x"],
    ["a store's address", "connect ECONNREFUSED redis://queue:6379"],
    ["a statement", "EVALSHA 0a1b failed"],
    ["a token", `unknown token ${secret}`],
  ])("that shows %s is a fault", (_, message) => {
    expect(rulesOf({ headers: failure(5, message) })).toContain("leak");
  });

  it("to callers without a token shows none of that either, also where it succeeds", () => {
    const answer = (detail: string) => {
      return frame(encode("posta.health.v1.GetHealthResponse", { checks: [{ name: "disk", detail }] }));
    };
    const rules = (detail: string) =>
      rulesOf({ headers: { "grpc-status": "0" }, body: answer(detail), method: "GetHealth" });
    expect(rules("late by 5 ms at worst, since 16:59:13")).toEqual([]);
    expect(rules("free for /var/lib/posta")).toEqual(["leak"]);
    expect(rules('waits in "onlyowner-a"')).toEqual(["grants"]);
  });

  it("with INVALID_ARGUMENT names a field", () => {
    expect(rulesOf({ headers: failure(3, "is wrong") })).toEqual(["field"]);
    expect(rulesOf({ headers: failure(3, "is wrong", "") })).toEqual(["field"]);
  });

  it("with more errors than have details names their fields in the text", () => {
    const answer = (message: string) =>
      frame(encode("posta.queue.v1.AddJobsResponse", { results: [{ error: { code: 3, message } }] }));
    const rules = (message: string, answerBytes?: number) =>
      rulesOf({ headers: { "grpc-status": "0" }, body: answer(message), method: "AddJobs", answerBytes });
    expect(rules("jobs[7].name: is required", 300_000)).toEqual([]);
    expect(rules("is required", 300_000)).toEqual(["field"]);
    expect(rules("jobs[7].name: is required")).toEqual(["field"]);
  });

  it("has details that can be read and say what its status says", () => {
    const broken = { ...failure(5, "x"), "grpc-status-details-bin": "////" };
    expect(rulesOf({ headers: broken })).toEqual(["readable"]);
    const other = { ...failure(5, "x"), "grpc-message": "y" };
    expect(rulesOf({ headers: other })).toEqual(["readable"]);
    expect(rulesOf({ headers: { "grpc-status": "0" }, body: frame(Buffer.from([0x0f])) })).toEqual(["readable"]);
  });

  it("of which only the beginning was kept may end within a message; any other may not", () => {
    const seen = { plan, end: "answered" as const, httpStatus: 200, elapsedMs: 9, reason: "" };
    const body = Buffer.concat([jobAnswer("a"), jobAnswer("b").subarray(0, 7)]);
    const read = (answerBytes: number) =>
      readAnswer({ ...seen, headers: { "grpc-status": "0" }, body, answerBytes }, find("GetJob"), contract);
    expect(read(17 << 20)).toMatchObject({ problems: [], messages: [{ job: { name: "a" } }] });
    expect(read(body.length).problems).toHaveLength(1);
  });

  it("to a call without a valid token is UNAUTHENTICATED, unless the method needs none", () => {
    for (const caller of ["nobody", "stranger"] as const) {
      expect(rulesOf({ headers: failure(3, "x", "queue"), plan: { caller } })).toEqual(["token"]);
      expect(rulesOf({ headers: { "grpc-status": "0" }, body: jobAnswer("a"), plan: { caller } })).toEqual(["token"]);
    }
    expect(rulesOf({ headers: { "grpc-status": "0" }, plan: { caller: "nobody" }, method: "GetHealth" })).toEqual([]);
    expect(rulesOf({ headers: failure(16, "x"), plan: { caller: "nobody" }, method: "GetHealth" })).toEqual(["token"]);
    expect(rulesOf({ headers: failure(4, "x"), plan: { caller: "nobody", oddities: ["timeout"] } })).toEqual([]);
  });

  it("shows a guest nothing of the owner's", () => {
    const guest = { caller: "guest" as const };
    expect(rulesOf({ headers: { "grpc-status": "0" }, body: jobAnswer("mark-of-the-owner"), plan: guest })).toEqual([
      "grants",
    ]);
    expect(rulesOf({ headers: { "grpc-status": "0" }, body: jobAnswer("onlyowner-a"), plan: guest })).toEqual([
      "grants",
    ]);
    expect(rulesOf({ headers: { "grpc-status": "0" }, body: jobAnswer("onlyowner-a") })).toEqual([]);
    expect(rulesOf({ headers: failure(7, 'guest may not use the queue "onlyowner-a"'), plan: guest })).toEqual([]);
  });
});

describe("a page", () => {
  const rules = (httpStatus: number, signature?: "right" | "wrong") => {
    const sent: Case = { ...plan, form: "webhook", target: "/webhooks/whatsapp", ...(signature && { signature }) };
    const seen = {
      end: "answered" as const,
      httpStatus,
      headers: {},
      body: Buffer.alloc(0),
      answerBytes: 0,
      elapsedMs: 1,
      reason: "",
    };
    return judgePage({ plan: sent, ...seen }, [secret]).map(({ rule }) => rule);
  };

  it("takes a webhook only with the right signature, and never fails", () => {
    expect(rules(200, "right")).toEqual([]);
    expect(rules(401, "wrong")).toEqual([]);
    expect(rules(200, "wrong")).toEqual(["token"]);
    expect(rules(200)).toEqual(["token"]);
    expect(rules(500, "right")).toEqual(["internal"]);
  });
});

describe("costs", () => {
  const cost = { target: "a/B", form: "grpc", seed: 1, number: 1, requestBytes: 1000, answerBytes: 60_000 };

  it("are judged by the request: an answer, and the CPU", () => {
    const [call, read] = [find("AddJob"), find("ListJobs")];
    expect(judgeAnswer(cost, call, limits)).toEqual([]);
    expect(judgeAnswer({ ...cost, answerBytes: 1000 * limits.answer.timesRequest + 1 }, call, limits)).toHaveLength(1);
    expect(judgeAnswer({ ...cost, answerBytes: limits.answer.readBytes }, read, limits)).toEqual([]);
    expect(judgeAnswer({ ...cost, answerBytes: limits.answer.readBytes + 1 }, read, limits)).toHaveLength(1);
    const [large, owner] = [{ ...cost, requestBytes: 4 << 20, cpuSeconds: 1 }, { caller: "owner" as const }];
    expect(judgeCpu(large, { ...owner, isOpen: false }, limits)).toEqual([]);
    expect(judgeCpu({ ...large, cpuSeconds: 2 }, { ...owner, isOpen: false }, limits)).toHaveLength(1);
    expect(judgeCpu({ ...large, cpuSeconds: 2, messages: 10_000 }, { ...owner, isOpen: false }, limits)).toEqual([]);
    expect(judgeCpu(large, { caller: "stranger", isOpen: false }, limits)).toHaveLength(1);
    expect(countFrames([frame(Buffer.alloc(3)), frame(Buffer.alloc(0)), Buffer.alloc(2)])).toBe(2);
  });

  it("are judged strictly where nobody needs a token, as of reflection and health", () => {
    const { openFreeBytes, openTimesRequest } = limits.answer;
    for (const method of ["ServerReflectionInfo", "GetHealth", "Watch"].map(find)) {
      const judge = (requestBytes: number, answerBytes: number) =>
        judgeAnswer({ ...cost, requestBytes, answerBytes }, method, limits);
      expect(judge(10, openFreeBytes)).toEqual([]);
      expect(judge(10, openFreeBytes + 1)).toHaveLength(1);
      expect(judge(openFreeBytes, openFreeBytes * openTimesRequest)).toEqual([]);
      expect(judge(openFreeBytes, openFreeBytes * openTimesRequest + 1)).toHaveLength(1);
      const slow = { ...cost, requestBytes: 4 << 20, cpuSeconds: 1 };
      expect(judgeCpu(slow, { caller: "owner", isOpen: method.isOpen }, limits)).toHaveLength(1);
    }
  });

  it("are kept of the worst request of each method and form", () => {
    const worst = new WorstCosts(({ answerBytes }) => answerBytes);
    worst.add(cost);
    worst.add({ ...cost, answerBytes: 5 });
    worst.add({ ...cost, form: "json", answerBytes: 70_000 });
    expect(worst.list(5).map(({ answerBytes }) => answerBytes)).toEqual([70_000, 60_000]);
  });
});

describe("a log", () => {
  const rules = (line: string) => judgeLine(line, [secret]).map(({ rule }) => rule);

  /** What Posta's log writes for each level, by the level. */
  async function writeLines(): Promise<Map<string, string>> {
    const module = JSON.stringify(new URL("../../dist/src/telemetry/log/log.js", import.meta.url).href);
    const levels = ["info", "warn", "error", "fatal"];
    const program = `const { createLog } = await import(${module}); const log = createLog("test", "info");
      for (const level of ${JSON.stringify(levels)}) log[level]({ err: new Error("x") }, level);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "inherit", "pipe"],
    });
    const lines = (await text(child.stderr)).trim().split("\n");
    return new Map(lines.map((line) => [JSON.parse(line).msg, line]));
  }

  it("has no errors, as Posta writes them", async () => {
    const lines = await writeLines();
    const judged = [...lines].map(([level, line]) => [level, rules(line)]);
    expect(Object.fromEntries(judged)).toEqual({
      info: [],
      warn: [],
      error: ["error-log"],
      fatal: ["error-log"],
    });
  });

  it("is JSON, without secrets", () => {
    expect(rules("E Failed to add metadata")).toEqual(["log"]);
    expect(rules("5")).toEqual(["log"]);
    expect(rules(`{"level":40,"token":"${secret}"}`)).toEqual(["log"]);
    expect(
      judgeLine(`x ${secret}`, [secret])
        .map(({ text: shown }) => shown)
        .join(),
    ).not.toContain(secret);
  });
});

describe("the processes", () => {
  const calm: WatchRecord = {
    worstAnswerMs: 20,
    lateAnswers: [],
    unwell: [],
    starvedShare: 0,
    eventLoopP99Ms: 20,
    memory: new Map([[7, { role: "server", before: 100, peak: 200, settled: 120 }]]),
  };
  const rules = (other: Partial<WatchRecord>) => judgeWatch({ ...calm, ...other }, limits).map(({ rule }) => rule);

  it("live, answer, and stay small", () => {
    expect(rules({})).toEqual([]);
    expect(rules({ unwell: ["the processes were 1 2, and are 1 3"] })).toEqual(["process"]);
    expect(rules({ lateAnswers: [{ at: 3, ms: 2000, where: "8080" }] })).toEqual(["liveness"]);
    expect(rules({ eventLoopP99Ms: 900 })).toEqual(["event-loop"]);
    expect(rules({ eventLoopP99Ms: 900, starvedShare: 0.5 })).toEqual([]);
    const grown = (peak: number, settled: number) => new Map([[7, { role: "server", before: 100, peak, settled }]]);
    expect(rules({ memory: grown(900, 120) })).toEqual(["memory"]);
    expect(rules({ memory: grown(300, 300) })).toEqual(["memory"]);
  });
});
