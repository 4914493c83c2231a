import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs `make profile-<kind>`'s command; answers how it ended, what it printed, and the folders that it wrote, by kind. */
async function profile(kind: string, env: Record<string, string>) {
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "perf/profile/run.ts"), kind], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, printed, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  // The servers warn there (level 40): one that writes its heap answers nothing meanwhile, and takes its stores for lost.
  const errors = printed
    .split("\n")
    .filter((line) => !line.startsWith('{"level":40,'))
    .join("\n");
  const written = [...output.matchAll(/^profile-(\w+): written to (\S+)$/gm)];
  const folders: Record<string, string> = {};
  for (const [, name = "", folder = ""] of written) folders[name] = join(root, folder);
  onTestFinished(() => Object.values(folders).forEach((folder) => void rmSync(folder, { recursive: true })));
  return { code, output, errors, folders };
}

/** A module for each process that is started with it: a private cluster takes no settings of its caller's. */
function writeModule(code: string): string {
  const dir = mkdtempSync(join(tmpdir(), "posta-module-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "module.mjs");
  writeFileSync(file, code);
  return `--import ${file}`;
}

/**
 * Leaks at each forced garbage collection, which a round has the same number of: on a busy machine rounds differ in
 * length and in calls. The 100,000 objects at the start make the class one of the largest, whatever the load holds.
 */
const leak = `import cluster from "node:cluster";
  import { constants, PerformanceObserver } from "node:perf_hooks";
  class LeftBehind { text = "x"; }
  const kept = [];
  const leak = (count) => { for (let index = 0; index < count; index += 1) kept.push(new LeftBehind()); };
  const isForced = ({ detail }) => detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED;
  const observer = new PerformanceObserver((list) => list.getEntries().filter(isForced).forEach(() => leak(1000)));
  if (cluster.isWorker) {
    leak(100_000);
    observer.observe({ entryTypes: ["gc"] });
  }`;

it("makes every profile of real servers, and finds the leak that one of them was given", async () => {
  const { code, output, errors, folders } = await profile("all", { DURATION: "1s", NODE_OPTIONS: writeModule(leak) });
  expect(errors).toBe("");
  expect(Object.keys(folders)).toEqual(["doctor", "cpu", "flame", "heap", "leaks"]);
  expect(output).toMatch(/suspected: LeftBehind grew \+[\d,]+, \+[\d,]+ objects/);
  expect(code).toBe(1);
  expect(output).toMatch(/^ok .* processor: primary/m);
  expect(output).toMatch(/^ *[\d.]+ +[\d.]+% .* src\/\S+\.ts:\d+$/m);
  expect(output).toMatch(/^ *[\d,]+ +[\d,]+ KiB +[\d,]+ KiB +LeftBehind$/m);
  const { doctor = "", cpu = "", flame = "", heap = "", leaks = "" } = folders;
  expect(JSON.parse(readFileSync(join(doctor, "diagnosis.json"), "utf8")).symptoms.servers).toHaveLength(2);
  expect(JSON.parse(readFileSync(join(cpu, "server.cpuprofile"), "utf8")).samples.length).toBeGreaterThan(100);
  expect(readFileSync(join(flame, "flame.html"), "utf8")).toContain("src/queue/");
  for (const file of [
    join(heap, "server.heapsnapshot"),
    join(leaks, "1.heapsnapshot"),
    join(leaks, "3.heapsnapshot"),
  ]) {
    expect(statSync(file).size).toBeGreaterThan(1_000_000);
  }
}, 300_000);

it("fails where calls of the load fail, and leaves no profile of that", async () => {
  const { code, errors, folders } = await profile("cpu", {
    DURATION: "1s",
    NODE_OPTIONS: writeModule('process.env.POSTA_QUEUE_MAX_JOB_BYTES = "10";'),
  });
  expect(errors).toMatch(/profile-cpu: \d+ calls of the load failed: this profile is not to be used/);
  expect(code).toBe(1);
  expect(Object.values(folders).filter(existsSync)).toEqual([]);
});
