import protobuf from "protobufjs";
import { WireType } from "./wire-cursor.js";

/** What a check of the encoded bytes needs to know about a field. */
export interface FieldPlan {
  readonly name: string;
  readonly wireType: number;
  readonly isText: boolean;
  /** The plan of the field's messages, or of a map's entries; undefined: the field holds neither. */
  readonly message: MessagePlan | undefined;
  /** How many items of the field one message may have; undefined: the field holds at most one value. */
  readonly maxItems: number | undefined;
}

/** A message type: its fields by their numbers. */
export interface MessagePlan {
  readonly fields: ReadonlyMap<number, FieldPlan>;
}

/** Maximum items of a repeated field or a map that has no maximum of its own. */
const defaultMaxItems = 1000;

/** Makes the plans of message types, one plan per type. */
export class MessagePlans {
  private readonly plans = new Map<protobuf.Type, MessagePlan>();

  /** `maxItems` holds the maxima of single fields, by their full names: "package.Message.field". */
  constructor(private readonly maxItems: Readonly<Record<string, number>>) {}

  of(type: protobuf.Type): MessagePlan {
    const known = this.plans.get(type);
    if (known) return known;
    const fields = new Map<number, FieldPlan>();
    const plan = { fields };
    this.plans.set(type, plan);
    for (const field of type.fieldsArray) fields.set(field.id, this.planField(field.resolve()));
    return plan;
  }

  private planField(field: protobuf.Field): FieldPlan {
    const { name, resolvedType, type } = field;
    if (field.repeated && type in protobuf.types.packed)
      throw new Error(`${field.fullName}: packed items are not counted`);
    const { wireType, isText } = planValue(type, resolvedType);
    const maxItems = this.maxItems[field.fullName.slice(1)] ?? defaultMaxItems;
    const message = resolvedType instanceof protobuf.Type ? this.of(resolvedType) : undefined;
    if (field instanceof protobuf.MapField) {
      const value = { name: "value", wireType, isText, message, maxItems: undefined };
      return { name, wireType: WireType.delimited, isText: false, message: planEntry(field, value), maxItems };
    }
    return { name, wireType, isText, message, maxItems: field.repeated ? maxItems : undefined };
  }
}

/** In the encoding, a map is a repeated message of a key and a value. */
function planEntry({ keyType }: protobuf.MapField, value: FieldPlan): MessagePlan {
  const key = { name: "key", ...planValue(keyType, null), message: undefined, maxItems: undefined };
  return {
    fields: new Map([
      [1, key],
      [2, value],
    ]),
  };
}

function planValue(type: string, resolvedType: protobuf.ReflectionObject | null) {
  if (resolvedType instanceof protobuf.Enum) return { wireType: WireType.varint, isText: false };
  if (resolvedType) return { wireType: WireType.delimited, isText: false };
  return { wireType: (protobuf.types.basic as Record<string, number>)[type] as number, isText: type === "string" };
}
