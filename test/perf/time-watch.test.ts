import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { timeRows } from "../../perf/report/time-table.js";
import { TimeWatch } from "../../perf/watch/time-watch.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

/** A process that works for `ms` milliseconds of CPU time when it reads a line, and says so. `args` are its role, as in a cluster. */
async function startWorker(ms: number, ...args: string[]) {
  const code = `require("node:readline").createInterface(process.stdin).on("line", () => {
    const { user } = process.cpuUsage();
    while (process.cpuUsage().user - user < ${ms} * 1000) for (let count = 0; count < 1e6; count += 1);
    console.log("done");
  });
  console.log("ready");`;
  const child = spawn(process.execPath, ["-e", code, "--", ...args], { stdio: ["pipe", "pipe", "inherit"] });
  releases.push(() => child.kill());
  const lines = createInterface(child.stdout);
  await once(lines, "line");
  return {
    pid: child.pid as number,
    async work() {
      child.stdin.write("go\n");
      await once(lines, "line");
    },
  };
}

it("tells the CPU of the cluster from that of the load generator, for each call", async () => {
  const [primary, generator, bystander] = [await startWorker(200), await startWorker(400), await startWorker(300)];
  const watch = new TimeWatch(primary.pid, [bystander.pid]);
  await Promise.all([primary.work(), generator.work(), bystander.work()]);
  const spent = await watch.end(1000);
  // CPU comes in ticks of 10 ms. What the kernel does comes on top.
  expect(spent.others.cpuUs).toBeGreaterThanOrEqual(180);
  expect(spent.others.cpuUs).toBeLessThan(390);
  expect(spent.generator.cpuUs).toBeGreaterThanOrEqual(390);
  expect(spent.servers).toMatchObject({ cpuUs: 0, wakeUps: 0 });
  expect(spent.callsPerSecond).toBeGreaterThan(0);
  const [head, row] = timeRows([{ load: "job-read", ...spent }]);
  expect(row).toHaveLength((head as string[]).length);
  expect(row?.[0]).toBe("job-read");
});
