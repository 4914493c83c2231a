import { invalid, show } from "../errors/posta-error.js";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The latest time that the first 48 bits of a UUIDv7 can hold. */
const maxMs = 2 ** 48 - 1;

/** Returns a UUID in lower case. Throws invalid for any other text. */
export function parseId(id: string, field: string): string {
  if (id === "") throw invalid(field, "is required");
  if (!isId(id)) throw invalid(field, `${show(id)} is not a UUID`);
  return id.toLowerCase();
}

export function isId(text: unknown): boolean {
  return typeof text === "string" && uuid.test(text);
}

/** When a UUIDv7 was made, in milliseconds since 1970. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The lowest UUID of a millisecond: ids that were made earlier are lower. */
export function firstIdAt(ms: number): string {
  const hex = Math.min(Math.max(ms, 0), maxMs).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Above every id. */
export const endOfIds = "ffffffff-ffff-ffff-ffff-ffffffffffff";
