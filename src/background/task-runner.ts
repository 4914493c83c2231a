import type { Lock } from "../store/postgres/locks.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { Logger } from "../telemetry/log/log.js";
import type { BackgroundTask, LeaderTask, ProcessTask } from "./background-task.js";
import { Leader } from "./leader.js";
import { LeaderLoop } from "./leader-loop.js";
import { Loop } from "./loop.js";

interface Running {
  start(): void;
  stop(): Promise<void> | void;
}

/** Runs the background tasks of one process. Tasks that share a lock have the same leader. */
export class TaskRunner {
  private readonly running: Running[] = [];
  private stopping = false;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly log: Logger,
  ) {}

  /** Starts more tasks. All tasks of one lock must come in one call. Does nothing once the runner is stopping. */
  start(tasks: readonly BackgroundTask[]): void {
    if (this.stopping) return;
    const started = [...tasks.flatMap((task) => this.ofProcess(task)), ...this.ofLeaders(tasks)];
    this.running.push(...started);
    for (const one of started) one.start();
  }

  /** Lets the runs that are under way finish. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running.map((one) => one.stop()));
  }

  private ofProcess(task: BackgroundTask): Running[] {
    if ("part" in task) return [task.part];
    return "leader" in task ? [] : [this.createLoop(task)];
  }

  private createLoop(task: ProcessTask): Loop {
    const loop = new Loop(task, this.log, (stopping) => task.run(stopping));
    task.wokenBy?.(() => loop.wake());
    return loop;
  }

  private ofLeaders(tasks: readonly BackgroundTask[]): Running[] {
    const led = new Map<Lock, LeaderTask[]>();
    for (const task of tasks) {
      if ("leader" in task) led.set(task.leader, [...(led.get(task.leader) ?? []), task]);
    }
    return [...led].map(([lock, ofLock]) => {
      return new LeaderLoop(`election of a leader (${lock})`, new Leader(this.postgres, lock), ofLock, this.log);
    });
  }
}
