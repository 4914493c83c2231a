import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { findQuietRange, takePorts } from "../../perf/bench/ports.js";
import { useReleases } from "../support/releases.js";

const ports = new URL("../../perf/bench/ports.ts", import.meta.url).href;
const releases = useReleases();

it("takes ports that the system gives to nobody on its own", async () => {
  const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const [from, to] = range.trim().split(/\s+/).map(Number) as [number, number];
  const quiet = findQuietRange({ from, until: to + 1 });
  const first = await takePorts(3);
  expect(first).toBeGreaterThan(quiet.from);
  expect(first + 2).toBeLessThan(quiet.until);
});

it("gives each port once to those that ask at the same time, and in a row where they want a row", async () => {
  const firsts = await Promise.all([takePorts(), takePorts(3), takePorts(), takePorts(3)]);
  const lengths = [1, 3, 1, 3];
  const all = firsts.flatMap((first, index) => Array.from({ length: lengths[index] as number }, (_, i) => first + i));
  expect(new Set(all).size).toBe(8);
});

it("passes over a port on which another process listens", async () => {
  const next = (await takePorts()) + 1;
  const other = createServer().listen(next, "127.0.0.1");
  releases.push(() => other.close());
  await once(other, "listening");
  expect(await takePorts()).toBe(next + 1);
});

it("comes round to ports that are free again, and never to the lock", async () => {
  const first = await takePorts();
  const seen = new Set([first]);
  for (let port = await takePorts(); port !== first; port = await takePorts()) {
    expect(seen).not.toContain(port);
    seen.add(port);
  }
  expect(seen.size).toBeLessThan(100);
  expect([...seen].every((port) => Math.abs(port - first) < 100)).toBe(true);
});

it("gives blocks of their own to processes that begin at the same block", async () => {
  const taken = [await takePorts(), ...(await Promise.all([takeElsewhere(), takeElsewhere()]))];
  const distances = taken.flatMap((port, index) => taken.slice(index + 1).map((other) => Math.abs(port - other)));
  expect(Math.min(...distances)).toBeGreaterThan(2);
});

/** Takes a port in another process that begins at the block where this process began, and that runs until the test ends. */
async function takeElsewhere(): Promise<number> {
  const script = `Object.defineProperty(process, "pid", { value: ${process.pid} });
    const { takePorts } = await import(${JSON.stringify(ports)});
    console.log(await takePorts());
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  releases.push(() => child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return Number(line);
}

it.each([
  ["below the ephemeral range", { from: 32_768, until: 61_000 }, { from: 10_000, until: 32_768 }],
  ["above it where there is more room", { from: 10_050, until: 60_000 }, { from: 60_000, until: 65_536 }],
  ["anywhere if it leaves no room", { from: 1024, until: 65_536 }, { from: 10_000, until: 65_536 }],
])("looks for ports %s", (_, ephemeral, quiet) => {
  expect(findQuietRange(ephemeral)).toEqual(quiet);
});
