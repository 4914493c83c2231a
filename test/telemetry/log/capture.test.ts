import { spawn } from "node:child_process";
import { connect, constants } from "node:http2";
import { text } from "node:stream/consumers";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { freshPrefix, startCluster } from "../../support/posta.js";

const moduleOf = (name: string) => JSON.stringify(new URL(`../../../dist/src/${name}.js`, import.meta.url).href);

interface Line {
  level: number;
  msg: string;
  text?: string;
  err?: { message: string };
  leftOut?: number;
}

/** What a process writes that has taken over its outputs, and then runs the script. */
async function linesOf(script: string): Promise<Line[]> {
  const program = `const { createLog } = await import(${moduleOf("telemetry/log/log")}); const { captureOutput } = await import(${moduleOf("telemetry/log/capture")}); captureOutput(createLog("test", "debug")); ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stdout).toBe("");
  return stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("what libraries write by themselves", () => {
  it("to the console becomes lines of the log, as severe as they are", async () => {
    const lines = await linesOf(
      'console.error("E %s", "one"); console.warn("two"); console.log("three"); console.info("four"); console.debug("five"); console.trace("six");',
    );
    expect(lines.map(({ level, text }) => [level, text])).toEqual([
      [50, "E one"],
      [40, "two"],
      [30, "three"],
      [30, "four"],
      [20, "five"],
      [20, "six"],
    ]);
  });

  it("as a warning of Node becomes a line of the log, and is printed no more", async () => {
    const lines = await linesOf(
      'process.emitWarning("old", "DeprecationWarning", "DEP0"); new (await import("node:events")).EventEmitter().setMaxListeners(1).on("a", () => {}).on("a", () => {});',
    );
    expect(lines.map(({ level, err }) => [level, err?.message])).toEqual([
      [40, "old"],
      [40, expect.stringMatching(/^Possible EventEmitter memory leak/)],
    ]);
  });

  it("has no secrets and no phone numbers, not even of an error's own fields", async () => {
    const lines = await linesOf(
      'const error = new Error("WRONGPASS redis://user:hunter22@host:6379"); error.command = { name: "auth", args: ["hunter22"] }; console.error(error); console.error("Bearer abc\\u00e9hunter22, to 34600123456", { password: "hunter22" });',
    );
    expect(lines).toHaveLength(2);
    expect(lines[0]?.text).toMatch(/^Error: WRONGPASS /);
    expect(JSON.stringify(lines)).not.toMatch(/hunter22|34600123456/);
  });

  it("is bounded in a flood, however the lines vary", async () => {
    const lines = await linesOf(
      'for (let n = 0; n < 20_000; n += 1) console.error(String.fromCharCode(97 + n % 26, 97 + (n >> 5) % 26), "x".repeat(5000));',
    );
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.length).toBeLessThan(400);
    expect(Math.max(...lines.map((line) => line.text?.length ?? 0))).toBeLessThanOrEqual(500);
  });

  it("of a header that gRPC cannot read has not its value", async () => {
    const cluster = await startCluster({
      POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
      POSTA_QUEUE_PREFIX: freshPrefix(),
      POSTA_SERVERS: "1",
    });
    onTestFinished(() => cluster.stop());
    const session = connect(`http://127.0.0.1:${cluster.port}`);
    onTestFinished(() => session.close());
    const headers = {
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/posta.queue.v1.QueueService/AddJob",
      "content-type": "application/grpc",
      te: "trailers",
      authorization: "Bearer front\u00e9 hunter22",
      "x-own": "hunter22\u00e9",
    };
    await new Promise((resolve) => session.request(headers, { endStream: true }).on("close", resolve).resume());
    await cluster.untilOutput(/metadata entry x-own/);
    const lines = cluster
      .output()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("posta: gRPC"))
      .map((line) => JSON.parse(line));
    const texts = lines.flatMap(({ text }) => (text === undefined ? [] : [text]));
    expect(texts).toEqual(["Failed to add metadata entry authorization", "Failed to add metadata entry x-own"]);
    expect(cluster.output()).not.toMatch(/hunter22|front/);
  });
});
