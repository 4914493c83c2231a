import { forgetHistory } from "../analytics/history/forget.js";
import type { Config } from "../config/config.js";
import { dropPartitions, listOldPartitions, oldestKept } from "../store/postgres/partitions.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { Logger } from "../telemetry/log/log.js";

type Kept = Pick<Config, "messageMonths" | "analyticsMonths">;

/** Drops the months of messages and of the analytics' history that the settings do not keep, and says which. */
export async function dropOldMonths(
  database: PostgresStore,
  kept: Kept,
  now: Date,
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  const messages = await listOldPartitions(database, "messages", oldestKept(now, kept.messageMonths));
  await dropPartitions(database, messages);
  if (messages.length > 0) log.info(`dropped what is older than POSTA_MESSAGE_MONTHS: ${messages.join(", ")}`);
  const history = await forgetHistory(database, oldestKept(now, kept.analyticsMonths), stopping);
  if (history.length > 0) log.info(`dropped what is older than POSTA_ANALYTICS_MONTHS: ${history.join(", ")}`);
}
