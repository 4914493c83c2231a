import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";

/** A process that logs for itself, as it ends otherwise with what it is that is tested. */
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function run(script: string, stderr: number | "pipe"): ChildProcess {
  const program = `const { createLog } = await import(${JSON.stringify(new URL("../dist/src/log.js", import.meta.url).href)}); const log = createLog("test", "info"); ${script}`;
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

  it("on a full disk neither ends the process nor keeps it from ending", async () => {
    const child = run(
      'log.info("one"); setTimeout(() => { log.fatal("two"); process.exit(0); }, 200);',
      openSync("/dev/full", "w"),
    );
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("does not wait for a reader, and says how much it dropped", async () => {
    const child = run(
      'const x = "x".repeat(1000); for (let n = 0; n < 20000; n += 1) log.info(x); console.log("done"); setInterval(() => log.info("beat"), 50);',
      "pipe",
    );
    const [done] = await once(child.stdout as NodeJS.ReadableStream, "data");
    expect(String(done)).toBe("done\n");
    let seen = "";
    for await (const chunk of child.stderr as NodeJS.ReadableStream) {
      seen += chunk;
      if (/log lines were dropped/.test(seen)) break;
    }
    expect(seen).toMatch(/"msg":"\d+ log lines were dropped"/);
  });
});
