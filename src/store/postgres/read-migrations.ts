import { readdirSync, readFileSync } from "node:fs";

/** One step from an older schema to a newer one; CONTRIBUTING.md says how to add one. */
export interface Migration {
  number: number;
  name: string;
  sql: string;
  /**
   * The oldest Posta that still works after this migration, as the number of migrations that Posta knows. 0: any Posta
   * works. Only a migration that takes something away has another number.
   */
  safeFrom: number;
}

/** "-- Contract: <what goes> is unused since migration 005." */
const contract = /^-- Contract: .+ since migration (\d{3})\.$/m;

/** Reads the migrations in order. Their files are numbered from 001 without a gap. */
export function readMigrations(folder: URL = new URL("../migrations/", import.meta.url)): Migration[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file, index) => {
    const number = Number.parseInt(file, 10);
    if (number !== index + 1) throw new Error(`src/store/migrations/${file}: its number should be ${index + 1}`);
    const sql = readFileSync(new URL(file, folder), "utf8");
    return { number, name: file.replace(/\.sql$/, ""), sql, safeFrom: Number(contract.exec(sql)?.[1] ?? 0) };
  });
}
