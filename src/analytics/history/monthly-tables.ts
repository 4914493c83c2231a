import type { MonthlyTables } from "../../store/postgres/partitions.js";

/** The tables of the history that have a partition for each month. */
export const historyTables: MonthlyTables = { analytics_hours: "time", analytics_uniques: "time" };
