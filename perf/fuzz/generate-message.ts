import type protobuf from "protobufjs";
import { isRequired } from "./contract.js";
import { doubles, drawJson, drawText, integers } from "./odd-values.js";
import { drawPlain, type Taste } from "./plain-values.js";
import { drawTime, isTime } from "./times.js";
import type { Entry, Scalar, Tree, Value } from "./tree.js";
import { encodeField, encodeTag } from "./wire.js";

const maxDepth = 6;
/** How many of the fields that need not be there, are: in the request itself, and in its parts. */
const presence = { whole: 0.9, part: 0.3 };
/** Of one list: a little more than a request may have. */
const mostBytes = 5 << 20;
const oddLengths = [0, 9, 21, 51, 101, 1001, 10_001];

/** A message of a type: by `wildness` what its fields should hold, or what they should not. */
export function generateMessage(type: protobuf.Type, taste: Taste, depth = 0): Tree {
  if (isTime(type)) return drawTime(type, taste, "any");
  const { random, wildness } = taste;
  const entries = chooseFields(type, taste, depth).flatMap((field) => generateField(field, taste, depth));
  if (random.chance(wildness / 3)) entries.push(...repeatEntries(entries, taste));
  const unknown = random.chance(wildness / 3) ? [drawUnknown(taste)] : [];
  return { type, entries, unknown };
}

/** Of a oneof one member, and seldom none or two. */
function chooseFields(type: protobuf.Type, { random, wildness }: Taste, depth: number): protobuf.Field[] {
  const share = depth === 0 ? presence.whole : presence.part;
  const groups = type.oneofsArray.filter(({ fieldsArray: [first] }) => !first?.options?.proto3_optional);
  const chosen = groups.flatMap((group) => {
    const members = [random.pick(group.fieldsArray), random.pick(group.fieldsArray)];
    return members.slice(0, random.chance(wildness / 2) ? random.pick([0, 2]) : 1);
  });
  const plain = type.fieldsArray.filter((field) => !groups.some((group) => group.fieldsArray.includes(field)));
  const isThere = (field: protobuf.Field) => random.chance(isRequired(field) ? 1 - wildness / 3 : share);
  return [...plain.filter(isThere), ...chosen];
}

function generateField(field: protobuf.Field, taste: Taste, depth: number): Entry[] {
  const { random, wildness } = taste;
  const isMessage = field.resolvedType !== null && "fieldsArray" in field.resolvedType;
  if (isMessage && depth >= maxDepth) return [];
  const draw = (): Value => {
    if (isMessage) return generateInner(field, taste, depth);
    return random.chance(wildness) ? drawOdd(field, taste) : drawPlain(field, taste);
  };
  if (field.map) return times(random.below(3), () => ({ field, value: drawPair(draw, taste), times: 1 }));
  if (!field.repeated) return [{ field, value: draw(), times: 1 }];
  if (!random.chance(wildness / 2)) return times(1 + random.below(3), () => ({ field, value: draw(), times: 1 }));
  const value = draw();
  return [{ field, value, times: Math.min(random.pick(oddLengths), mostOf(field, value)) }];
}

/** How often a value may be sent: lists in lists would grow beyond all bounds. */
function mostOf(field: protobuf.Field, value: Value): number {
  return Math.ceil(mostBytes / (1 + encodeField(field.id, field.type, value).length));
}

function generateInner(field: protobuf.Field, taste: Taste, depth: number): Tree {
  const type = field.resolvedType as protobuf.Type;
  return isTime(type) ? drawTime(type, taste, field.name) : generateMessage(type, taste, depth + 1);
}

function drawPair(drawValue: () => Value, taste: Taste): Value {
  const { random, wildness } = taste;
  const key = random.chance(wildness) ? drawText(random) : random.pick(["channel", "country"]);
  return { key, value: drawValue() };
}

/** A value that the field may not take, or only just. */
function drawOdd({ type, name, resolvedType }: protobuf.Field, { random }: Taste): Scalar {
  if (resolvedType) return random.pick([-1, 0, 99, 2 ** 31 - 1, -(2 ** 31)]);
  if (type === "string") return name.endsWith("_json") && random.chance(0.8) ? drawJson(random) : drawText(random);
  if (type === "bytes") return random.bytes(random.below(40));
  if (type === "double" || type === "float") return random.pick(doubles);
  return type === "bool" ? 2n : random.pick(integers);
}

/** Some of the fields once more: the last one counts, and parts of a message are merged. */
function repeatEntries(entries: readonly Entry[], { random }: Taste): Entry[] {
  return entries.length === 0 ? [] : [random.pick(entries), random.pick(entries)];
}

function drawUnknown({ random }: Taste): Buffer {
  const id = random.pick([19, 100, 18_999, 2 ** 29 - 1]);
  return random.pick([
    () => encodeField(id, "string", "unknown"),
    () => encodeField(id, "int64", -1),
    () => encodeField(id, "double", 1.5),
    // A group, which proto3 no longer has.
    () => Buffer.concat([encodeTag(id, 3), encodeTag(id, 4)]),
  ])();
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
