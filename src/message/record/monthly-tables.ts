import type { MonthlyTables } from "../../store/postgres/partitions.js";

/** The tables of messages that have a partition for each month. */
export const messageTables: MonthlyTables = { messages: "id", message_events: "id", inbound_messages: "time" };
