import type protobuf from "protobufjs";
import { nameOf } from "./contract.js";
import { isPair, isTree, type Scalar, type Tree, type Value } from "./tree.js";

const msOfSecond = 1000;
/** The last instant that a date of JavaScript can be, in seconds. */
const lastSecond = 8_640_000_000_000;

/**
 * A message's proto3 JSON form, as bytes. A field that is sent twice is a key that stands there twice, and a string that is not
 * UTF-8 stands there as it is.
 */
export function renderJson(tree: Tree): Buffer {
  return Buffer.from(renderTree(tree), "latin1");
}

/** As a text of bytes: each character is one. */
function renderTree(tree: Tree): string {
  const name = nameOf(tree.type);
  if (name === "google.protobuf.Timestamp") return quote(renderTimestamp(tree));
  if (name === "google.protobuf.Duration") return quote(renderDuration(tree));
  const unknown = tree.unknown.map((_, index) => `"unknown_${index}":[${index}]`);
  return `{${[...renderFields(tree), ...unknown].join(",")}}`;
}

/** Values of a list or map that follow each other share one key. */
function renderFields({ entries }: Tree): string[] {
  const members: string[] = [];
  for (let at = 0; at < entries.length; ) {
    const first = entries[at] as (typeof entries)[number];
    const { field } = first;
    let end = at + 1;
    if (field.repeated || field.map) while (entries[end]?.field === field) end += 1;
    const texts = entries
      .slice(at, end)
      .flatMap(({ value, times }) => Array<string>(times).fill(renderValue(field, value)));
    for (const text of enclose(field, texts)) members.push(`${quote(jsonName(field))}:${text}`);
    at = end;
  }
  return members;
}

function enclose(field: protobuf.Field, texts: string[]): string[] {
  if (field.map) return [`{${texts.join(",")}}`];
  return field.repeated ? [`[${texts.join(",")}]`] : texts;
}

function renderValue(field: protobuf.Field, value: Value): string {
  if (isTree(value)) return renderTree(value);
  if (!isPair(value)) return renderScalar(field, value);
  const key = renderScalar(field, value.key);
  const inner = isTree(value.value) ? renderTree(value.value) : renderScalar(field, value.value as Scalar);
  return `${key.startsWith('"') ? key : quote(key)}:${inner}`;
}

function renderScalar({ resolvedType, type }: protobuf.Field, value: Scalar): string {
  if (Buffer.isBuffer(value)) {
    return type === "bytes" ? quote(value.toString("base64")) : `"${value.toString("latin1").replace(/["\\]/g, "")}"`;
  }
  if (typeof value === "string") return quote(value);
  if (typeof value === "bigint") return quote(String(value));
  if (typeof value === "boolean") return String(value);
  const names = resolvedType && "valuesById" in resolvedType ? resolvedType.valuesById : {};
  const name = names[value];
  if (name !== undefined) return quote(name);
  return Number.isFinite(value) ? String(value) : quote(String(value));
}

/** Halves of a character stay escapes; all else is UTF-8. */
function quote(text: string): string {
  return Buffer.from(JSON.stringify(text)).toString("latin1");
}

function jsonName({ name }: protobuf.Field): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function renderTimestamp(tree: Tree): string {
  const { seconds, nanos } = readTime(tree);
  const isDate = seconds >= -lastSecond && seconds <= lastSecond;
  const date = new Date(isDate ? Number(seconds) * msOfSecond : 0).toISOString().slice(0, -5);
  return isDate ? `${date}.${padNanos(nanos)}Z` : `${seconds}.${nanos}`;
}

function renderDuration(tree: Tree): string {
  const { seconds, nanos } = readTime(tree);
  return `${seconds}.${padNanos(nanos)}s`;
}

function padNanos(nanos: bigint): string {
  return nanos < 0n ? String(nanos) : String(nanos).padStart(9, "0");
}

function readTime({ entries }: Tree): { seconds: bigint; nanos: bigint } {
  const read = (name: string) => {
    const value = entries.findLast(({ field }) => field.name === name)?.value ?? 0;
    return typeof value === "bigint" || typeof value === "number" ? BigInt(value) : 0n;
  };
  return { seconds: read("seconds"), nanos: read("nanos") };
}
