import { once } from "node:events";
import { PostaError } from "../errors/posta-error.js";
import type { Session } from "../store/postgres/session.js";
import type { Logger } from "../telemetry/log/log.js";
import type { LeaderTask } from "./background-task.js";
import type { Leader } from "./leader.js";
import { Loop } from "./loop.js";

/** How often a process that does not lead asks for the lock: every 4 to 6 s. */
const asking = { everyMs: 5000, jitter: 0.2 };
/** How soon a process asks again after PostgreSQL failed, or after the process lost the session that held the lock. */
const retryMs = 500;

/**
 * Runs tasks in the one process that leads. Each task has its own loop, on the session that holds the lock. The loops
 * start when this process is elected. They end when the term ends: the session is lost, or the process stops.
 */
export class LeaderLoop {
  private readonly election: Loop;
  /** The loops of this term; none while another process leads. */
  private loops = new Map<LeaderTask, Loop>();

  constructor(
    name: string,
    private readonly leader: Leader,
    private readonly tasks: readonly LeaderTask[],
    private readonly log: Logger,
  ) {
    this.election = new Loop({ name, ...asking, retryMs }, log, (stopping) => this.stand(stopping));
    for (const task of tasks) task.wokenBy?.(() => this.loops.get(task)?.wake());
  }

  start(): void {
    this.election.start();
  }

  /** Lets the runs that are under way finish, then leaves the lock to another process. */
  async stop(): Promise<void> {
    await this.election.stop();
    await this.leader.resign();
  }

  /** Asks for the lock. A process that gets it leads until its term ends. */
  private async stand(stopping: AbortSignal): Promise<void> {
    const session = await this.leader.lead();
    if (!session) {
      for (const task of this.tasks) task.onFollow?.();
      return;
    }
    await this.runTerm(session, stopping);
    // The loop asks again soon. It logs nothing, because the store itself logs that it is out of reach.
    if (!stopping.aborted) throw new PostaError("unavailable", "the session that held the leader's lock was lost");
  }

  private async runTerm(session: Session, stopping: AbortSignal): Promise<void> {
    const begun = performance.now();
    this.loops = new Map(this.tasks.map((task) => [task, this.createLoop(task, session, begun)]));
    await this.listen(session);
    if (stopping.aborted) return; // The process was told to stop meanwhile.
    for (const loop of this.loops.values()) loop.start();
    await untilAborted(AbortSignal.any([session.lost, stopping]));
    await Promise.all([...this.loops.values()].map((loop) => loop.stop()));
    this.loops.clear();
  }

  /** A session that cannot listen is given up: another process may be able to lead. */
  private async listen(session: Session): Promise<void> {
    for (const [{ channel }, loop] of this.loops) {
      if (channel === undefined) continue;
      await session
        .listen(channel, () => loop.wake())
        .catch(async (error) => {
          await this.leader.resign();
          throw error;
        });
    }
  }

  private createLoop(task: LeaderTask, session: Session, begun: number): Loop {
    return new Loop(task, this.log, (ending) => {
      return task.run({ session, ending, ledForMs: performance.now() - begun });
    });
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
