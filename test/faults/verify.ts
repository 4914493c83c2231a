import { Redis } from "ioredis";
import { expect } from "vitest";
import type { Sent } from "./load.js";
import type { World } from "./world.js";

/** Of src/message/record/status.ts: what a message may end as. */
const [unknown, failed, read, expired, cancelled] = [25, 45, 60, 26, 27];

/**
 * How the history tells of what allows another request: an attempt that nobody knows the outcome of, where the policy says so; or
 * that somebody had it sent again.
 */
const repetitions = `SELECT message_id AS id, count(*) FILTER (WHERE detail <> 'redriven')::integer AS unknowns,
    count(*) FILTER (WHERE detail = 'redriven')::integer AS redrives FROM message_events
  WHERE status = 10 AND detail ~ '^(no answer of the Cloud API|the process that sent it was lost|redriven$)' GROUP BY message_id`;

interface Row {
  id: string;
  status: number;
}

/** What there is of a message. */
interface Found {
  status: number | undefined;
  /** How often the API took it. */
  times: number;
  /** After how many attempts it was queued again because nobody knew what had become of them. */
  unknowns: number;
  /** How often it was redriven by RedriveMessages. */
  redrives: number;
}

/** Resolves when nothing is on its way any more. */
export async function untilQuiet({ query, whatsapp, redis }: World): Promise<void> {
  const inspector = new Redis({ path: redis.socket });
  const webhooks = "bull:posta-whatsapp-webhooks";
  const pending = async () => {
    const [row] = await query<{ count: string }>(
      "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM spool WHERE moved_at IS NULL) + (SELECT count(*) FROM messages WHERE status IN (10, 20)) AS count",
    );
    const [waiting, active, delayed, prioritized] = await Promise.all([
      inspector.llen(`${webhooks}:wait`),
      inspector.llen(`${webhooks}:active`),
      inspector.zcard(`${webhooks}:delayed`),
      inspector.zcard(`${webhooks}:prioritized`),
    ]);
    return Number(row?.count) + waiting + active + delayed + prioritized + whatsapp.webhooks.pending;
  };
  await expect.poll(pending, { timeout: 200_000, interval: 250 }).toBe(0);
  inspector.disconnect();
}

/** Compares what was acknowledged, what the database says, and what the API really took. Throws the history of what is wrong. */
export async function verify(world: World, sent: Sent[]): Promise<void> {
  const rows = await world.query<Row>("SELECT id, status FROM messages");
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  const repeated = await world.query<{ id: string; unknowns: number; redrives: number }>(repetitions);
  const repetitionsOf = new Map(repeated.map(({ id, ...counts }) => [id, counts]));
  const taken = new Map<string, number>();
  for (const { bizId = "" } of world.whatsapp.ledger.entries) taken.set(bizId, (taken.get(bizId) ?? 0) + 1);
  const wrong: string[] = [];
  for (const message of sent) {
    const { messageId: id } = message;
    const none = { unknowns: 0, redrives: 0 };
    const found = { status: statuses.get(id), times: taken.get(id) ?? 0, ...none, ...repetitionsOf.get(id) };
    const problem = problemOf(message, found);
    if (problem) wrong.push(`${problem}\n${await historyOf(world, id)}`);
  }
  if (wrong.length > 0) throw new Error(`${wrong.join("\n")}\n${world.timeline.join("\n")}`);
  expect(rows).toHaveLength(sent.length);
  expect(repeated.some(({ redrives }) => redrives > 0)).toBe(true); // Or nothing was redriven.
  expect([...taken.keys()].filter((id) => !statuses.has(id))).toEqual([]);
}

function problemOf(
  { messageId, atLeastOnce, cancelled: wasCancelled }: Sent,
  { status, times, unknowns, redrives }: Found,
) {
  if (status === undefined) return `${messageId} is missing`;
  // An attempt of unknown outcome may have come before; AT_LEAST_ONCE, or a redrive, had it queued again, and cancelled then.
  if (wasCancelled && times > 0 && !atLeastOnce && redrives === 0) return `${messageId} was cancelled, and sent`;
  if (wasCancelled && times === 0 && status !== cancelled) return `${messageId} was cancelled, and is ${status}`;
  if (times > 1 + unknowns + redrives)
    return `${messageId} was sent ${times} times, with ${unknowns} unknown outcomes and ${redrives} redrives`;
  if (unknowns > 0 && !atLeastOnce) return `${messageId} was queued again after an unknown outcome`;
  if (times > 0 && status !== read) return `${messageId} was taken and read, and is ${status}`;
  const unsent = [unknown, failed, expired, cancelled] as number[];
  if (times === 0 && !unsent.includes(status)) return `${messageId} was never taken, and is ${status}`;
  return undefined;
}

async function historyOf({ query }: World, id: string): Promise<string> {
  const events = await query<{ at: Date; status: number; attempt: number; detail: string | null }>(
    "SELECT at, status, attempt, detail FROM message_events WHERE message_id = $1 ORDER BY at, number",
    [id],
  );
  return events
    .map(({ at, status, attempt, detail }) => `  ${at.toISOString()} ${status} #${attempt} ${detail ?? ""}`)
    .join("\n");
}
