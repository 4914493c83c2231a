import type protobuf from "protobufjs";

/** One entry of a map field. */
export interface Pair {
  key: Scalar;
  value: Value;
}

/** A string as a Buffer is sent with just these bytes, UTF-8 or not. */
export type Scalar = number | bigint | boolean | string | Buffer;
export type Value = Scalar | Tree | Pair;

/** A field as it is sent, `times` times in a row: that makes a large request of a small description. */
export interface Entry {
  field: protobuf.Field;
  value: Value;
  times: number;
}

/**
 * A message as a list of what is sent, and not as an object: a field may come twice, two members of a oneof together, and a
 * number in a width that its type does not have.
 */
export interface Tree {
  type: protobuf.Type;
  entries: Entry[];
  /** Fields that the type does not have, ready to be sent. */
  unknown: Buffer[];
}

export function isTree(value: Value): value is Tree {
  return typeof value === "object" && !Buffer.isBuffer(value) && "entries" in value;
}

export function isPair(value: Value): value is Pair {
  return typeof value === "object" && !Buffer.isBuffer(value) && "key" in value;
}

/** The last value that is sent at a path of fields, as a decoder would keep it; undefined: there is none. */
export function lastAt(tree: Tree, ...path: string[]): Value | undefined {
  let value: Value | undefined = tree;
  for (const name of path) {
    if (value === undefined || !isTree(value)) return undefined;
    const entry: Entry | undefined = value.entries.findLast(({ field }) => field.name === name);
    value = entry?.value;
  }
  return value;
}
