import { isPair, isTree, type Pair, type Scalar, type Tree, type Value } from "./tree.js";

const [varint, bits64, lengthDelimited, bits32] = [0, 1, 2, 5];
/** What is not a varint is one of these; enums are varints, messages have a length. */
const wireTypes: Readonly<Record<string, number>> = {
  double: bits64,
  fixed64: bits64,
  sfixed64: bits64,
  float: bits32,
  fixed32: bits32,
  sfixed32: bits32,
  string: lengthDelimited,
  bytes: lengthDelimited,
};
const word = 1n << 64n;

/** A message's protobuf form. It is written here, as a library refuses to write what is wrong. */
export function encodeTree({ entries, unknown }: Tree): Buffer {
  const parts: Buffer[] = [];
  for (const { field, value, times } of entries) {
    const encoded = encodeField(field.id, typeOf(field.type, value), value);
    parts.push(times === 1 ? encoded : Buffer.alloc(encoded.length * times, encoded));
  }
  return Buffer.concat([...parts, ...unknown]);
}

/** A field with its tag. `type` is a scalar's name; any other is an enum's. */
export function encodeField(id: number, type: string, value: Value): Buffer {
  if (isTree(value)) return withLength(id, encodeTree(value));
  if (isPair(value)) return withLength(id, encodePair(value));
  const wireType = wireTypes[type] ?? varint;
  const body = encodeScalar(type, wireType, value);
  return wireType === lengthDelimited ? withLength(id, body) : Buffer.concat([encodeTag(id, wireType), body]);
}

export function encodeTag(id: number, wireType: number): Buffer {
  return encodeVarint(BigInt(id) * 8n + BigInt(wireType));
}

export function encodeVarint(value: bigint): Buffer {
  let left = value < 0n ? value + word : value;
  const bytes: number[] = [];
  while (left > 127n) {
    bytes.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  return Buffer.from([...bytes, Number(left)]);
}

function withLength(id: number, body: Buffer): Buffer {
  return Buffer.concat([encodeTag(id, lengthDelimited), encodeVarint(BigInt(body.length)), body]);
}

/** A map is a list of messages of a key and a value. */
function encodePair({ key, value }: Pair): Buffer {
  return Buffer.concat([encodeField(1, "string", key), encodeField(2, typeOf("string", value), value)]);
}

/** A value that is not of its field's kind is sent by its own. */
function typeOf(type: string, value: Value): string {
  const isText = typeof value === "string" || Buffer.isBuffer(value);
  if (isText) return wireTypes[type] === lengthDelimited ? type : "string";
  return wireTypes[type] === lengthDelimited ? "int64" : type;
}

function encodeScalar(type: string, wireType: number, value: Scalar): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === "string") return Buffer.from(value);
  if (wireType === varint) return encodeVarint(toInteger(type, value));
  const bytes = Buffer.alloc(wireType === bits64 ? 8 : 4);
  if (type === "double") bytes.writeDoubleLE(Number(value));
  else if (type === "float") bytes.writeFloatLE(Number(value));
  else if (wireType === bits64) bytes.writeBigUInt64LE(BigInt.asUintN(64, toInteger(type, value)));
  else bytes.writeUInt32LE(Number(BigInt.asUintN(32, toInteger(type, value))));
  return bytes;
}

function toInteger(type: string, value: number | bigint | boolean): bigint {
  const whole = typeof value === "number" ? BigInt(Number.isFinite(value) ? Math.trunc(value) : 0) : BigInt(value);
  const bounded = BigInt.asIntN(64, whole);
  return type.startsWith("sint") ? (bounded << 1n) ^ (bounded >> 63n) : bounded;
}
