import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { readMigrations } from "../../../src/store/postgres/read-migrations.js";

/** CONTRIBUTING.md: an older Posta goes on working on a newer schema. These are older than the rule, and were reviewed by hand. */
const olderThanRule = 5;

const takesAway = [
  /\bDROP\s+(TABLE|COLUMN|SEQUENCE|VIEW|SCHEMA|TYPE)\b/i,
  /\bDROP\s+(DEFAULT|CONSTRAINT|INDEX)\b/i,
  /\bRENAME\b/i,
  /\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b/i,
  /\bALTER\s+(COLUMN\s+)?\w+\s+SET\s+NOT\s+NULL\b/i,
  /\bADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)\b/i,
  /\bCREATE\s+UNIQUE\s+INDEX\b/i,
  /\bTRUNCATE\b/i,
];

/** What an older Posta could not work with: each statement that takes something away, or asks for more than it writes. */
function findContracts(sql: string): string[] {
  const statements = sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.replace(/\s+/g, " ").trim());
  const made = new Set(statements.map((statement) => /^CREATE TABLE (\w+)/i.exec(statement)?.[1]));
  return statements.filter((statement) => {
    const table = /^(?:ALTER TABLE|CREATE UNIQUE INDEX \w+ ON|TRUNCATE) (\w+)/i.exec(statement)?.[1];
    if (table !== undefined && made.has(table)) return false; // No older Posta knows a table that is new.
    const columns = [...statement.matchAll(/\bADD (?:COLUMN )?(?:IF NOT EXISTS )?[^,]+/gi)].map(([column]) => column);
    const wantsMore = columns.some((column) => /NOT NULL/i.test(column) && !/DEFAULT|GENERATED/i.test(column));
    return wantsMore || takesAway.some((pattern) => pattern.test(statement));
  });
}

/** The migrations of a folder that holds these files. */
function read(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "posta-migrations-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
  return readMigrations(pathToFileURL(`${folder}/`));
}

describe("a migration", () => {
  it("takes nothing away that the Posta before it uses", () => {
    const all = readMigrations();
    expect(all.length).toBeGreaterThanOrEqual(olderThanRule);
    const judged = all.filter(({ number }) => number > olderThanRule);
    const unnamed = judged.filter(({ sql, safeFrom }) => safeFrom === 0 && findContracts(sql).length > 0);
    expect(unnamed.map(({ name }) => `${name} has no "-- Contract: ... since migration 00n." line`)).toEqual([]);
    const ahead = judged.filter(({ number, safeFrom }) => safeFrom >= number);
    expect(ahead.map(({ name }) => `${name} names a migration that is not before it`)).toEqual([]);
  });

  it("that would take something away is found", () => {
    const wrong = [
      "ALTER TABLE messages DROP COLUMN wamid",
      "DROP TABLE outbox",
      "ALTER TABLE messages RENAME COLUMN body TO content",
      "ALTER TABLE messages ADD COLUMN a text NOT NULL",
      "ALTER TABLE messages ADD COLUMN a text DEFAULT 'x', ADD COLUMN b text NOT NULL",
      "ALTER TABLE messages ALTER COLUMN error SET NOT NULL",
      "ALTER TABLE messages ALTER error_code TYPE bigint",
      "CREATE UNIQUE INDEX one ON messages (wamid)",
      "ALTER TABLE messages ADD CONSTRAINT short CHECK (length(body) < 10)",
    ];
    for (const sql of wrong) expect(findContracts(sql), sql).toEqual([sql]);
    const fine = [
      "ALTER TABLE messages ADD COLUMN a text",
      "ALTER TABLE messages ADD COLUMN a text NOT NULL DEFAULT ''",
      "CREATE TABLE fresh (id uuid PRIMARY KEY, a text NOT NULL); CREATE UNIQUE INDEX one ON fresh (a)",
      "CREATE INDEX more ON messages (wamid) -- DROP TABLE is only in a comment",
    ];
    for (const sql of fine) expect(findContracts(sql), sql).toEqual([]);
  });

  it("says from which migration on a Posta can do without what it takes away", () => {
    const [first, second] = read({
      "001-a.sql": "CREATE TABLE a ();",
      "002-b.sql": "-- Contract: the column x is unused since migration 001.\nALTER TABLE a DROP COLUMN x;",
    });
    expect([first?.safeFrom, second?.safeFrom]).toEqual([0, 1]);
  });

  it("has the number after the one before", () => {
    expect(() => read({ "001-a.sql": "", "003-b.sql": "" })).toThrow(/003-b.sql: its number should be 2/);
  });
});
