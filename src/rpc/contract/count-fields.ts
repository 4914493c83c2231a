import { invalid, PostaError } from "../../errors/posta-error.js";
import type { FieldPlan, MessagePlan } from "./message-plan.js";
import { WireCursor } from "./wire-cursor.js";

/** Maximum fields of a request, in all its messages together. A full request of 10,000 jobs has fewer. */
export const maxFields = 500_000;

/**
 * Counts the items of an encoded request before the decoder builds anything. Throws invalid if a field has too many
 * items, or the request has too many fields. Throws RangeError if the bytes are no message of the type.
 */
export function countFields(bytes: Uint8Array, plan: MessagePlan): void {
  new FieldCount(new WireCursor(bytes)).message(plan);
}

class FieldCount {
  private fields = 0;

  constructor(private readonly cursor: WireCursor) {}

  message(plan: MessagePlan): void {
    const { cursor } = this;
    let items: Map<FieldPlan, number> | undefined;
    while (cursor.next()) {
      this.fields += 1;
      if (this.fields > maxFields) throw invalid("request", `has over ${maxFields} fields`);
      const field = plan.fields.get(cursor.field);
      if (!field) continue;
      // protobufjs goes by the field's type alone, so it would read something other than what was counted.
      if (cursor.wireType !== field.wireType) throw new RangeError(`${field.name}: wire type ${cursor.wireType}`);
      if (field.maxItems === undefined) {
        if (field.message) this.nested(field, field.name);
        continue;
      }
      items ??= new Map();
      const index = items.get(field) ?? 0;
      if (index >= field.maxItems) throw this.tooMany(field, index + 1);
      items.set(field, index + 1);
      if (field.message) this.nested(field, index);
    }
  }

  private nested(field: FieldPlan, place: string | number): void {
    try {
      const outer = this.cursor.enter();
      this.message(field.message as MessagePlan);
      this.cursor.leave(outer);
    } catch (error) {
      if (!(error instanceof PostaError) || error.field === "request") throw error;
      throw error.within(typeof place === "number" ? `${field.name}[${place}]` : place);
    }
  }

  /** Counts the remaining items, without reading them, so that the error names the real number. */
  private tooMany({ name, maxItems }: FieldPlan, counted: number): PostaError {
    const { cursor } = this;
    const { field } = cursor;
    let items = counted;
    while (cursor.next()) if (cursor.field === field) items += 1;
    return invalid(name, `${items} items is over ${maxItems}`);
  }
}
