import type { RollUpWork } from "../analytics/rollup/roll-up-work.js";
import type { BackgroundTask, LeaderTask } from "../background/background-task.js";
import { type SchemaKeeper, schemaTimes } from "../background/schema-keeper.js";
import type { OutboxWork } from "../message/outbox/outbox-work.js";
import { type LoopDelay, loadTimes } from "../message/sender/concurrency.js";
import type { Token } from "../message/whatsapp/token.js";
import { spoolChannel } from "../queue/spool/spool.js";
import type { SpoolWork } from "../queue/spool/spool-work.js";
import { type Hosts, reportMs } from "../store/installation/hosts.js";
import type { RedisStore } from "../store/redis/store.js";

/*
 * Every task that a delivery process repeats, with its periods. A row with a `leader` runs in one process of all that
 * use the database. The other rows run in every delivery process. Not in the list, as they are no work of their own:
 * - Each store asks its server twice a second whether it is there: store/redis/store.ts and store/postgres/store.ts.
 * - A leader shows every 2 s that it is alive: background/leader.ts.
 * - Messages ask for permits to send when they are ready, not at an interval: message/delivery/permits.ts.
 * - BullMQ's workers, of the sending numbers and of the webhooks, keep the timers of BullMQ.
 */

const second = 1000;
const hour = 3600 * second;

/** What the tasks of the start work on. */
export interface StartWork {
  schema: SchemaKeeper;
  /** Shows all servers that a delivery process works. */
  beat(): void;
  readStatements(): Promise<void>;
  makePartitions(stopping: AbortSignal): Promise<void>;
  /** Puts jobs back in line whose workers let their leases end. */
  putBackLost(): Promise<void>;
  /** Tells other hosts that the queues' Redis is in use: see store/installation/redis-claim.ts. */
  renewClaim(): Promise<void>;
}

/** The tasks that begin with the process. They need no schema, or they make one, or they wait for one. */
export function listStartTasks({
  schema,
  beat,
  readStatements,
  makePartitions,
  putBackLost,
  renewClaim,
}: StartWork): BackgroundTask[] {
  return [
    { ...schemaTimes, part: schema },
    {
      // A partition covers a month, and is made a month ahead. Until the schema is ready, the task tries every second.
      name: "partitions of the coming month",
      everyMs: hour,
      retryMs: second,
      wokenBy: (wake) => schema.on("change", ({ is }) => is === "ready" && wake()),
      run: makePartitions,
    },
    { name: "beat of the delivery process", everyMs: second, retryMs: second, run: async () => beat() },
    {
      name: "ends of the workers' leases",
      everyMs: second,
      retryMs: second,
      metrics: ["posta_work_lost_total", "posta_work_stuck_total"],
      run: putBackLost,
    },
    { name: "claim of the queues' Redis", everyMs: 5 * second, retryMs: second, run: renewClaim },
    {
      name: "PostgreSQL's statements",
      everyMs: 5 * second,
      retryMs: 5 * second,
      metrics: [
        "posta_postgres_statements_timestamp_seconds",
        "posta_postgres_statements_known",
        "posta_postgres_slowest_statement_seconds",
      ],
      run: readStatements,
    },
  ];
}

/** What the tasks that need the schema work on. */
export interface SchemaWork {
  queue: RedisStore;
  hosts: Hosts;
  spool: SpoolWork;
  rollUp: RollUpWork;
  dropOldMonths(stopping: AbortSignal): Promise<void>;
  /** Absent where no number sends. */
  messages?: MessageWork | undefined;
}

/** The tasks that begin when the schema is ready. */
export function listSchemaTasks({
  queue,
  hosts,
  spool,
  rollUp,
  dropOldMonths,
  messages,
}: SchemaWork): BackgroundTask[] {
  return [
    { name: "report of the host", everyMs: reportMs, retryMs: reportMs, run: () => hosts.report() },
    { name: "retention of the months", everyMs: hour, retryMs: second, run: dropOldMonths },
    ...listSpoolTasks(spool, queue),
    ...listRollUpTasks(rollUp),
    ...(messages ? listMessageTasks(messages) : []),
  ];
}

/** New jobs wake the drain, and so does Redis when it is back. */
function listSpoolTasks(spool: SpoolWork, queue: RedisStore): LeaderTask[] {
  const drain = { everyMs: second / 2, retryMs: second / 2, leader: "spool" } as const;
  const upkeep = { everyMs: 5 * second, retryMs: 5 * second, leader: "spool" } as const;
  return [
    {
      ...drain,
      name: "the spool's drain",
      channel: spoolChannel,
      wokenBy: (wake) => queue.on("usable", (usable) => usable && wake()),
      metrics: ["posta_spool_drained_total"],
      run: ({ session, ending }) => spool.drain(session, ending),
    },
    {
      ...upkeep,
      name: "count of the spool",
      metrics: ["posta_spool_metrics_timestamp_seconds", "posta_spool_jobs", "posta_spool_oldest_waiting_age_seconds"],
      run: ({ session }) => spool.measure(session),
      onFollow: () => spool.follow(),
    },
    { ...upkeep, name: "retention of the spool", run: ({ session }) => spool.checkMoved(session) },
    {
      ...upkeep,
      name: "dead jobs",
      metrics: ["posta_dead_jobs_total"],
      run: ({ session }) => spool.collectDead(session),
    },
  ];
}

function listRollUpTasks(rollUp: RollUpWork): LeaderTask[] {
  return [
    {
      name: "roll-up of the analytics",
      everyMs: 15 * second,
      retryMs: 2 * second,
      leader: "rollUp",
      metrics: [
        "posta_analytics_rolled_until_timestamp_seconds",
        "posta_analytics_roll_up_seconds",
        "posta_analytics_roll_up_failures_total",
      ],
      run: ({ session, ending }) => rollUp.run(session, ending),
      onFollow: () => rollUp.follow(),
    },
  ];
}

/** What the tasks of the messages work on. Without a token only the outbox is swept. */
export interface MessageWork {
  outbox: OutboxWork;
  token?: Token;
  load?: LoopDelay;
}

/** The tasks of a process that sends messages. */
export function listMessageTasks({ outbox, token, load }: MessageWork): BackgroundTask[] {
  const file = { name: "POSTA_WHATSAPP_TOKEN_FILE", everyMs: second, retryMs: second };
  return [
    ...listOutboxTasks(outbox),
    ...(token?.isFromFile ? [{ ...file, run: () => token.refresh() }] : []),
    ...(load ? [{ ...loadTimes, part: load }] : []),
  ];
}

/** New messages wake the move. The move finds messages that become due later at its interval. */
function listOutboxTasks(outbox: OutboxWork): LeaderTask[] {
  const move: LeaderTask = {
    name: "outbox",
    everyMs: second / 2,
    retryMs: second / 2,
    leader: "outbox",
    channel: "posta_outbox",
    run: ({ ending }) => outbox.move(ending),
  };
  const sweep: LeaderTask = {
    name: "sweep of the messages",
    everyMs: 5 * second,
    retryMs: second,
    leader: "outbox",
    metrics: ["posta_outbox_metrics_timestamp_seconds", "posta_outbox_messages", "posta_outbox_oldest_due_seconds"],
    run: ({ ledForMs }) => outbox.sweepUp(ledForMs),
    onFollow: () => outbox.follow(),
  };
  return outbox.moves ? [move, sweep] : [sweep];
}
