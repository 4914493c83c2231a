import protobuf from "protobufjs";
import { WireType } from "./wire-cursor.js";

/** What a field of a message type holds, as far as a look at its bytes asks. */
export interface FieldPlan {
  readonly name: string;
  readonly wireType: number;
  readonly isText: boolean;
  /** Of a field that holds messages, or the entries of a map. */
  readonly message: MessagePlan | undefined;
  /** How many items one message may have of the field; undefined: the field holds no more than one. */
  readonly maxItems: number | undefined;
}

/** A message type: its fields by their numbers. */
export interface MessagePlan {
  readonly fields: ReadonlyMap<number, FieldPlan>;
}

/** The most items of a repeated field or a map that has no maximum of its own. */
const defaultMaxItems = 1000;

/** Makes the plans of message types, each type's once. */
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

/** A map is a repeated message of a key and a value. */
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
