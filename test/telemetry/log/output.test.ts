import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";

/** A process that logs for itself, as it ends otherwise with what it is that is tested. */
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function run(script: string, stderr: number | "pipe"): ChildProcess {
  const program = `const { createLog } = await import(${JSON.stringify(new URL("../../../dist/src/telemetry/log/log.js", import.meta.url).href)}); const { LogOutput } = await import(${JSON.stringify(new URL("../../../dist/src/telemetry/log/output.js", import.meta.url).href)}); const log = createLog("test", "info"); ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", stderr] });
  children.push(child);
  return child;
}

describe("the log", () => {
  it("has every line, in order, also those just before the end", async () => {
    const child = run(
      'for (let n = 0; n < 3; n += 1) log.info({ n }, "line"); log.fatal("the last"); process.exit(3);',
      "pipe",
    );
    const [lines, [code]] = await Promise.all([text(child.stderr as NodeJS.ReadableStream), once(child, "exit")]);
    const parsed = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(parsed.map(({ n, msg }) => n ?? msg)).toEqual([0, 1, 2, "the last"]);
    expect(code).toBe(3);
  });

  it("has one line for each text, also for readers that end a line at Unicode's own breaks", async () => {
    const child = run('log.info("a\\u2028b\\u2029c\\u0085d"); process.exit(0);', "pipe");
    const lines = await text(child.stderr as NodeJS.ReadableStream);
    expect(lines.trim()).not.toMatch(/[\n\u0085\u2028\u2029]/);
    expect(JSON.parse(lines).msg).toBe("a\u2028b\u2029c\u0085d");
  });

  it("does not keep a process from ending when its pipe is full and nobody reads", async () => {
    const folder = mkdtempSync(join(tmpdir(), "posta-log-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const pipe = openSync(path, "r+"); // Both ends: opening one alone waits for the other.
    onTestFinished(() => closeSync(pipe));
    const child = run(
      `const text = "x".repeat(1000);
      for (let n = 0; n < 1000; n += 1) log.info({ text }, "of kind " + String.fromCharCode(97 + (n % 26), 97 + (n / 26)));
      log.fatal("last");
      process.exit(3);`,
      pipe,
    );
    expect(await once(child, "exit")).toEqual([3, null]);
  });

  it("on a full disk neither ends the process nor keeps it from ending", async () => {
    const child = run(
      'log.info("one"); setTimeout(() => { log.fatal("two"); process.exit(0); }, 200);',
      openSync("/dev/full", "w"),
    );
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("does not wait for a reader, and says how much it dropped", async () => {
    const child = run(
      'const output = new LogOutput(2, "test"); const line = "x".repeat(1000).concat(String.fromCharCode(10)); for (let n = 0; n < 20000; n += 1) output.write(line); console.log("done"); setInterval(() => output.write(line), 50);',
      "pipe",
    );
    const [done] = await once(child.stdout as NodeJS.ReadableStream, "data");
    expect(String(done)).toBe("done\n");
    let seen = "";
    for await (const chunk of child.stderr as NodeJS.ReadableStream) {
      seen += chunk;
      if (/log lines were dropped/.test(seen)) break;
    }
    expect(seen).toMatch(/\{"level":40,"time":\d+,"role":"test","pid":\d+,"msg":"\d+ log lines were dropped"\}\n/);
  });

  it("does not hold up the event loop under a flood that nobody reads", async () => {
    const child = run(
      `const { monitorEventLoopDelay } = await import("node:perf_hooks");
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const failed = (n) => ({ requestId: String(n), method: "/a/B", code: "INTERNAL", err: new Error("no 34600123456") });
      let n = 0;
      const flood = setInterval(() => { for (let i = 0; i < 200; i += 1) log.error(failed(n += 1), "call failed " + String.fromCharCode(97 + n % 26)); }, 10);
      setTimeout(() => { clearInterval(flood); console.log(JSON.stringify({ n, p99: delay.percentile(99) / 1e6 })); process.exit(0); }, 2000);`,
      "pipe",
    );
    const [figures] = await once(child.stdout as NodeJS.ReadableStream, "data");
    const { n, p99 } = JSON.parse(String(figures));
    // A pipe takes some hundred of these lines; a write that waited for its reader would be the last turn of the loop.
    expect(n).toBeGreaterThan(2000);
    expect(p99).toBeLessThan(500);
  });

  it("leaves out most of a flood and says how much, and hides numbers in messages, errors and their causes", async () => {
    const child = run(
      `const cause = new Error("token=abcdef for 34600123456");
      for (let n = 0; n < 130; n += 1) log.error({ err: new Error("no 34600123456", { cause }) }, "to %s", "34600123456");
      log.error(new Error("alone 34600123456"));
      setTimeout(() => process.exit(0), 2500);`,
      "pipe",
    );
    const lines = (await text(child.stderr as NodeJS.ReadableStream))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(JSON.stringify(lines)).not.toMatch(/34600123456|abcdef/);
    expect(lines.filter(({ msg }) => msg === "to *******3456")).toHaveLength(21);
    expect(lines.find(({ msg }) => msg === "alone *******3456")?.err.stack).toContain("*******3456");
    expect(lines.reduce((sum, { leftOut = 0 }) => sum + leftOut, 0)).toBe(109);
  });
});
