import { forgetHistory } from "../analytics/history/forget.js";
import { historyTables } from "../analytics/history/monthly-tables.js";
import { readWatermark } from "../analytics/history/watermark.js";
import type { Config } from "../config/config.js";
import { deadLetterTables } from "../dead-letter/dead-letter.js";
import { messageTables } from "../message/record/monthly-tables.js";
import {
  dropPartitions,
  ensurePartitions,
  listOldPartitions,
  oldestKept,
  startOfMonth,
} from "../store/postgres/partitions.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { Logger } from "../telemetry/log/log.js";

type Kept = Pick<Config, "messageMonths" | "analyticsMonths">;

/** Messages and dead letters are kept for the same months. */
const messageAndLetterTables = { ...messageTables, ...deadLetterTables };

/**
 * Makes the partitions that may be written into soon, up to the next month:
 * - of the analytics from the watermark's month;
 * - of messages from the previous month, because jobs that failed days ago belong there.
 */
export async function keepPartitions(database: PostgresStore, now: Date): Promise<void> {
  const [row] = await database.query<{ rolled_until: Date }>(readWatermark);
  await ensurePartitions(database, historyTables, row?.rolled_until ?? now, startOfMonth(now, 1));
  await ensurePartitions(database, messageAndLetterTables, startOfMonth(now, -1), startOfMonth(now, 1));
}

/** Drops the months of messages and of the analytics' history that the settings do not keep, and says which. */
export async function dropOldMonths(
  database: PostgresStore,
  kept: Kept,
  now: Date,
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  const messages = await listOldPartitions(database, messageAndLetterTables, oldestKept(now, kept.messageMonths));
  await dropPartitions(database, messages);
  if (messages.length > 0) log.info(`dropped months older than POSTA_MESSAGE_MONTHS: ${messages.join(", ")}`);
  const history = await forgetHistory(database, oldestKept(now, kept.analyticsMonths), stopping);
  if (history.length > 0) log.info(`dropped months older than POSTA_ANALYTICS_MONTHS: ${history.join(", ")}`);
}
