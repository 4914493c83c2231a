import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { add, checkLeases, countsOf, freshQueue, posta, releases, stateOf } from "../../queue/work/work-setup.js";

/** Whole processes that work: signals, and an event loop that is blocked. */

const program = fileURLToPath(new URL("worker-program.ts", import.meta.url));

function startProgram(env: Record<string, string>) {
  const child = spawn(process.execPath, ["--import", "tsx", program], {
    env: { ...process.env, ADDRESS: `127.0.0.1:${posta.port}`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  releases.push(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  const exited = once(child, "exit");
  return { child, exited, output: () => output, saw: (pattern: RegExp) => expect.poll(() => output).toMatch(pattern) };
}

describe("a worker program", () => {
  it("drains at SIGTERM, all its queues at the same time, and ends by itself with 0", async () => {
    const queues = [freshQueue(), freshQueue()];
    for (const queue of queues) await add(queue);
    const { child, exited, output, saw } = startProgram({ QUEUES: queues.join(), TASK: "short" });
    await saw(/begun[\s\S]*begun/);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(output().match(/: stopped$/gm)).toHaveLength(2);
    for (const queue of queues) expect(await countsOf(queue)).toMatchObject({ completed: 1, active: 0 });
  });

  it("ends in time although a handler ignores the abort, once nothing else keeps it", async () => {
    const queue = freshQueue();
    await add(queue);
    const { child, saw, exited } = startProgram({ QUEUES: queue, TASK: "deaf", STOP_MS: "100" });
    await saw(/begun/);
    child.kill("SIGINT");
    await saw(/: stopped; 1 jobs run on/);
    child.kill("SIGINT"); // A second signal ends it, whatever runs.
    expect(await exited).toEqual([null, "SIGINT"]);
  });

  it("dies of a listener that throws, as any program does", async () => {
    const queue = freshQueue();
    await add(queue);
    const { exited, output } = startProgram({ QUEUES: queue, TASK: "throw" });
    expect(await exited).toEqual([1, null]);
    expect(output()).toMatch(/Error: a listener's/);
  });

  it("whose event loop was blocked past the lease stops the job that is somebody else's", async () => {
    const queue = freshQueue();
    const [id] = await add(queue);
    const { output, saw } = startProgram({ QUEUES: queue, TASK: "block" });
    await saw(/begun \S+ 1/);
    // It is blocked. The delivery process would find the lease without an owner:
    await expect.poll(() => checkLeases().then(() => stateOf(queue, id as string)), { interval: 200 }).toBe("WAITING");
    await saw(/aborted \S+ LeaseLost/);
    await saw(/done \S+ 2/);
    await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
    expect(output().match(/begun/g)).toHaveLength(2);
  });
});
