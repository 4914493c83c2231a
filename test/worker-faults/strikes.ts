import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { isAlive } from "../support/posta.js";
import type { Fault, FaultName } from "./plan.js";
import type { WorkerProcess, World } from "./world.js";

/** Does what a plan says to a world, and mends all of it in the end. */
export function createStrikes(world: World) {
  const { cluster, client, proxy, redis, queues, workers } = world;
  const inspector = new Redis({ path: redis.socket, maxRetriesPerRequest: 1 });
  inspector.on("error", () => {});
  const lasting: Promise<unknown>[] = [];
  /** What stands still now. */
  const stopped = new Set<number>();

  const pickOf = <Item>(items: readonly Item[], { pick }: Fault) => items[Math.floor(pick * items.length)];
  const queueOf = (fault: Fault) => pickOf(queues, fault) as string;
  const workerOf = (fault: Fault) => pickOf(workers, fault) as WorkerProcess;
  const serversNow = async () => (await cluster.health()).servers.map(({ pid }) => pid);
  const deliveriesNow = async () => (await cluster.health()).deliveries.map(({ pid }) => pid);

  let kills = 0;
  function kill(pid: number | undefined): void {
    if (pid === undefined || !isAlive(pid)) return;
    kills += 1;
    process.kill(pid, "SIGKILL");
  }

  function signal(pid: number | undefined, name: NodeJS.Signals): void {
    if (pid !== undefined && isAlive(pid)) process.kill(pid, name);
  }

  async function stop(pid: number | undefined, ms: number): Promise<void> {
    if (pid === undefined) return;
    stopped.add(pid);
    signal(pid, "SIGSTOP");
    await sleep(ms);
    signal(pid, "SIGCONT");
    stopped.delete(pid);
  }

  async function replace(worker: WorkerProcess, by: NodeJS.Signals): Promise<void> {
    const { process: child } = worker;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(by);
    // A worker that was just stopped, or blocked, drains late.
    await Promise.race([once(child, "exit"), sleep(15_000)]);
    child.kill("SIGKILL");
    if (workers.includes(worker)) world.replaceWorker(worker);
  }

  const setLimits = (queue: string, limits: object) =>
    client.queue("SetQueueLimits", { queue, limits: { maxEvents: 1_000_000, ...limits } }, { deadlineMs: 3000 });

  /** Orders the end of some of the jobs that are worked on now. */
  async function cancelJobs({ ms, pick }: Fault): Promise<void> {
    const grace = { seconds: 0, nanos: ms * 1e5 };
    for (const queue of queues) {
      const active = await inspector.lrange(`${world.prefix}:${queue}:active`, 0, -1).catch(() => []);
      for (const jobId of active.filter((_, place) => place % 3 === Math.floor(pick * 3))) {
        world.cancelled.add(`${queue}/${jobId}`);
        const request = { queue, jobId, reason: "a fault", grace };
        await client.worker("CancelJob", request, { deadlineMs: 2000 }).catch(() => {});
      }
    }
  }

  const strikes: Record<FaultName, (fault: Fault) => Promise<unknown> | unknown> = {
    "kill server": async (fault) => kill(pickOf(await serversNow(), fault)),
    "kill delivery": async (fault) => kill(pickOf(await deliveriesNow(), fault)),
    "kill worker": (fault) => replace(workerOf(fault), "SIGKILL"),
    "kill redis": async ({ ms }) => {
      await redis.kill();
      await sleep(ms / 4);
      await redis.restart();
    },
    // What it has done for them it cannot tell.
    "cut off redis": () => inspector.client("KILL", "TYPE", "normal", "SKIPME", "yes"),
    "stop server": async (fault) => stop(pickOf(await serversNow(), fault), fault.ms),
    "stop delivery": async (fault) => stop(pickOf(await deliveriesNow(), fault), fault.ms),
    "stop worker": (fault) => stop(workerOf(fault).process.pid, fault.ms),
    "stop redis": ({ ms }) => stop(redis.pid, ms),
    "cut to worker": ({ amount }) => proxy.cut("toWorker", amount),
    "cut to server": ({ amount }) => proxy.cut("toServer", amount),
    "silence the network": async ({ ms }) => {
      proxy.setSilent(true);
      await sleep(ms);
      proxy.setSilent(false);
    },
    "block worker": (fault) => workerOf(fault).process.send({ block: fault.ms }),
    "deafen worker": (fault) => workerOf(fault).process.send({ deaf: fault.ms }),
    "restart worker": (fault) => replace(workerOf(fault), "SIGTERM"),
    "drain worker": async (fault) => {
      const worker = workerOf(fault);
      await client.worker("DrainWorker", { worker: worker.name }, { deadlineMs: 3000 });
      await replace(worker, "SIGTERM");
    },
    "roll servers": () => cluster.process.kill("SIGHUP"),
    "pause queue": async (fault) => {
      await client.queue("PauseQueue", { queue: queueOf(fault) }, { deadlineMs: 3000 });
      await sleep(fault.ms / 2);
      await client.queue("ResumeQueue", { queue: queueOf(fault) }, { deadlineMs: 3000 });
    },
    "limit queue": async (fault) => {
      const rate = { max: 5, duration: { seconds: 0, nanos: 300e6 } };
      await setLimits(queueOf(fault), fault.pick < 0.5 ? { concurrency: 2 } : { rate });
      await sleep(fault.ms);
      await setLimits(queueOf(fault), {});
    },
    "cancel jobs": cancelJobs,
    "shift clock": async (fault) => {
      const children = [...(await serversNow()), ...(await deliveriesNow())];
      const pids = [...children, ...workers.map(({ process: { pid } }) => pid as number)];
      world.shiftClock(pickOf(pids, fault) as number, fault.amount);
    },
  };

  return {
    /** Begins a fault. What lasts goes on beside the next ones. */
    strike(fault: Fault): void {
      world.note(fault.name);
      const done = Promise.resolve(strikes[fault.name](fault)).then(
        () => world.note(`${fault.name}: done`),
        (error: Error) => world.note(`${fault.name}: ${error.message}`),
      );
      lasting.push(done);
    },
    /** Throws if a server or a delivery process has died of anything else than a kill. */
    async requireNoCrash(): Promise<void> {
      const metrics = await (await fetch(`${cluster.adminUrl}/metrics`)).text();
      const restarts = [...metrics.matchAll(/^posta_(?:server|delivery)_restarts (\d+)$/gm)].map(([, count]) =>
        Number(count),
      );
      expect(restarts).toHaveLength(2);
      expect(restarts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(kills);
    },
    /** Mends all that a fault left, and waits until all processes are back. */
    async heal(): Promise<void> {
      await Promise.all(lasting);
      for (const pid of stopped) signal(pid, "SIGCONT");
      world.resetClocks();
      const insist = (call: () => Promise<unknown>) =>
        expect
          .poll(
            () =>
              call().then(
                () => true,
                () => false,
              ),
            { interval: 200 },
          )
          .toBe(true);
      for (const queue of queues) {
        await insist(() => setLimits(queue, {}));
        await insist(() => client.queue("ResumeQueue", { queue }, { deadlineMs: 3000 }));
      }
      // A worker that ended by an order is replaced as an operator's supervisor would.
      for (const worker of [...workers]) if (worker.process.exitCode !== null) world.replaceWorker(worker);
      inspector.disconnect();
      world.note("all is mended");
    },
  };
}
