import type pg from "pg";

/** How PostgreSQL would run a statement. */
export interface QueryPlan {
  statement: string;
  /** Tables that it would read from the beginning to the end. */
  readWhole: string[];
  /** Why PostgreSQL does not say. */
  problem?: string;
}

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: Node[];
}

/** What was run since the statistics were reset, but for what is no statement on tables. */
const ran = `SELECT DISTINCT query FROM pg_stat_statements
  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query ~* '^\\s*(select|with|insert|update|delete)\\M' AND query !~ 'pg_(stat|class|database|advisory|locks|inherits)'`;

/** The plan of each statement that was run, whatever its values. */
export async function readPlans(client: pg.Client): Promise<QueryPlan[]> {
  const { rows } = await client.query<{ query: string }>(ran);
  const plans: QueryPlan[] = [];
  for (const { query } of rows) plans.push(await explain(client, query));
  return plans;
}

async function explain(client: pg.Client, statement: string): Promise<QueryPlan> {
  // pg_stat_statements writes $n in place of constants; a type's name before it takes a constant only.
  const text = statement.replace(/\binterval \$\d+/gi, "interval '1 hour'");
  try {
    const { rows } = await client.query<{ "QUERY PLAN": { Plan: Node }[] }>(
      `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
    );
    return { statement, readWhole: rows.flatMap((row) => row["QUERY PLAN"].flatMap(({ Plan }) => readWhole(Plan))) };
  } catch (error) {
    return { statement, readWhole: [], problem: (error as Error).message };
  }
}

/** The tables of a plan's sequential scans, wherever in it they are. */
export function readWhole(node: Node): string[] {
  const own = node["Node Type"] === "Seq Scan" && node["Relation Name"] !== undefined ? [node["Relation Name"]] : [];
  return [...own, ...(node.Plans ?? []).flatMap(readWhole)];
}
