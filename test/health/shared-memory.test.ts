import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { SharedMemory } from "../../src/health/shared-memory.js";

const meminfo = "MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   4000000 kB\n";
const cgroup = {
  "proc/self/cgroup": "0::/posta.slice\n",
  "sys/fs/cgroup/posta.slice/memory.max": "1000000\n",
  "sys/fs/cgroup/posta.slice/memory.current": "900000\n",
  "sys/fs/cgroup/posta.slice/memory.stat": "anon 1\ninactive_file 300000\nactive_file 2\n",
};

/** What is known on a machine that has these files. */
async function readOn(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), "posta-memory-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const memory = new SharedMemory(root);
  await memory.read();
  return memory.latest;
}

it("is the machine's, as far as it is available", async () => {
  expect(await readOn({ "proc/meminfo": meminfo })).toEqual({ left: 4_096_000_000, limit: 8_192_000_000 });
});

it("is the container's where that has less, without what was only read from files", async () => {
  expect(await readOn({ "proc/meminfo": meminfo, ...cgroup })).toEqual({ left: 400_000, limit: 1_000_000 });
});

it("is the machine's where the container has more, or no limit", async () => {
  const machine = { left: 4_096_000_000, limit: 8_192_000_000 };
  const plenty = { ...cgroup, "sys/fs/cgroup/posta.slice/memory.current": "400000\n" };
  expect(await readOn({ "proc/meminfo": meminfo, ...plenty })).toEqual(machine);
  const unlimited = { ...cgroup, "sys/fs/cgroup/posta.slice/memory.max": "max\n" };
  expect(await readOn({ "proc/meminfo": meminfo, ...unlimited })).toEqual(machine);
});

it("is not known where there is no such thing", async () => {
  expect(await readOn({})).toBeUndefined();
});

it("is known on Linux", async () => {
  const memory = new SharedMemory();
  memory.start();
  onTestFinished(() => memory.stop());
  await expect.poll(() => memory.latest?.limit ?? 0).toBeGreaterThan(process.memoryUsage.rss());
});
