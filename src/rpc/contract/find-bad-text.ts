import { isUtf8 } from "node:buffer";
import type { FieldPlan, MessagePlan } from "./message-plan.js";
import { WireCursor, WireType } from "./wire-cursor.js";

/**
 * Finds the first string of an encoded message that is not UTF-8. Answers the path of its field: "jobs[3].data_json".
 * The entries of a map count as items: "dimensions[0].key". undefined: every string is UTF-8.
 */
export function findBadText(bytes: Uint8Array, plan: MessagePlan): string | undefined {
  return findIn(new WireCursor(bytes), plan, "");
}

function findIn(cursor: WireCursor, plan: MessagePlan, path: string): string | undefined {
  const items = new Map<FieldPlan, number>();
  while (cursor.next()) {
    const field = plan.fields.get(cursor.field);
    if (!field || cursor.wireType !== WireType.delimited) continue;
    const index = items.get(field) ?? 0;
    items.set(field, index + 1);
    const place = () => `${path}${field.name}${field.maxItems === undefined ? "" : `[${index}]`}`;
    if (field.isText && !isUtf8(cursor.bytes.subarray(cursor.start, cursor.pos))) return place();
    const found = field.message && findNested(cursor, field.message, `${place()}.`);
    if (found) return found;
  }
  return undefined;
}

function findNested(cursor: WireCursor, plan: MessagePlan, path: string): string | undefined {
  const outer = cursor.enter();
  const found = findIn(cursor, plan, path);
  cursor.leave(outer);
  return found;
}
