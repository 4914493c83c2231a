import { closeSync, openSync, readSync, statSync } from "node:fs";
import type pg from "pg";

/** A statement, and how PostgreSQL has run it. */
export interface QueryPlan {
  statement: string;
  /** The rows that it read of each table at most, by whatever way; infinitely many by a scan to its end. */
  rows: Map<string, number>;
}

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows"?: number;
  "Actual Loops"?: number;
  /** For each loop, as the rows are. */
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Node[];
}

/** What auto_explain writes into the log. */
interface Explained {
  "Query Text": string;
  Plan: Node;
}

/** From now on PostgreSQL logs the plan of every statement of Posta, which has to connect anew for that. */
const explainAll = [
  "ALTER SYSTEM SET session_preload_libraries = 'auto_explain'",
  "ALTER SYSTEM SET auto_explain.log_min_duration = 0",
  "ALTER SYSTEM SET auto_explain.log_analyze = on",
  "ALTER SYSTEM SET auto_explain.log_format = 'json'",
  "ALTER SYSTEM SET auto_explain.log_parameter_max_length = 0",
  "SELECT pg_reload_conf()",
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posta'",
];

/** The plans that a PostgreSQL logs from now on. */
export class PlanLog {
  private constructor(
    private readonly path: string,
    private readonly from: number,
  ) {}

  static async begin(client: pg.Client, path: string): Promise<PlanLog> {
    for (const sql of explainAll) await client.query(sql);
    return new PlanLog(path, statSync(path).size);
  }

  /** Each statement once, with the most that it read of each table in any of its runs. */
  read(): QueryPlan[] {
    const bytes = Buffer.alloc(statSync(this.path).size - this.from);
    const file = openSync(this.path, "r");
    readSync(file, bytes, 0, bytes.length, this.from);
    closeSync(file);
    return readLog(bytes.toString());
  }
}

/** An entry's further lines begin with a tab. One that is not written to its end yet is left out. */
export function readLog(log: string): QueryPlan[] {
  const found = new Map<string, Map<string, number>>();
  for (const [, json = ""] of log.matchAll(/ plan:\n((?:\t.*\n)+)/g)) {
    const { "Query Text": statement, Plan } = JSON.parse(json) as Explained;
    const rows = found.get(statement) ?? new Map<string, number>();
    found.set(statement, rows);
    for (const [table, count] of scans(Plan)) rows.set(table, Math.max(count, rows.get(table) ?? 0));
  }
  return [...found].map(([statement, rows]) => ({ statement, rows }));
}

/** The tables of a plan's scans, wherever in it they are, and the rows that each has read. */
function scans(node: Node, isLimited = false): [string, number][] {
  const { "Node Type": type, "Relation Name": table, Plans = [] } = node;
  const inner = Plans.flatMap((plan) => scans(plan, type === "Limit"));
  if (table === undefined || type === "ModifyTable") return inner;
  return [...inner, [table, rowsOf(node, isLimited)]];
}

/** A scan right below a limit may be as long as that, but must not look for its rows among others. */
function rowsOf(node: Node, isLimited: boolean): number {
  const { "Actual Rows": kept = 0, "Actual Loops": loops = 1 } = node;
  if (loops === 0) return 0; // The plan had it, but did not come to it.
  const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  if (isLimited) return removed * loops;
  return node["Node Type"] === "Seq Scan" ? Number.POSITIVE_INFINITY : (kept + removed) * loops;
}
