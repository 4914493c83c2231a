import { closeSync, openSync, readSync, statSync } from "node:fs";
import type pg from "pg";

/** A statement, and how PostgreSQL has run it. */
export interface QueryPlan {
  statement: string;
  /** Tables that it read from the beginning to the end. */
  readWhole: string[];
}

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
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

  /** Each statement once, with all that it read whole in any of its runs. */
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
  const found = new Map<string, Set<string>>();
  for (const [, json = ""] of log.matchAll(/ plan:\n((?:\t.*\n)+)/g)) {
    const { "Query Text": statement, Plan } = JSON.parse(json) as Explained;
    const tables = found.get(statement) ?? new Set();
    found.set(statement, tables);
    for (const table of readWhole(Plan)) tables.add(table);
  }
  return [...found].map(([statement, tables]) => ({ statement, readWhole: [...tables] }));
}

/** The tables of a plan's sequential scans, wherever in it they are, but for those that end at a limit. */
function readWhole(node: Node, isLimited = false): string[] {
  const { "Node Type": type, "Relation Name": table, Plans = [] } = node;
  const own = type === "Seq Scan" && table !== undefined && !isLimited ? [table] : [];
  return [...own, ...Plans.flatMap((plan) => readWhole(plan, type === "Limit"))];
}
