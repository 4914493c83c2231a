import { deflateSync, gzipSync } from "node:zlib";
import type protobuf from "protobufjs";
import { type Case, type Form, startCall } from "./case.js";
import type { Method } from "./contract.js";
import { frame } from "./frames.js";
import { generateMessage } from "./generate-message.js";
import { renderJson } from "./json.js";
import type { Taste } from "./plain-values.js";
import { Random } from "./random.js";
import { SeenValues } from "./seen-values.js";
import { isTime } from "./times.js";
import type { Entry, Tree } from "./tree.js";
import { encodeField, encodeTree } from "./wire.js";

/** A request that is as large as a request may be, and costs as much as its shape lets it. */
export interface HeavyCase {
  shape: string;
  /** Makes the request: all of them at once would be gigabytes. */
  plan(): Case;
}

/** Whose request it is, and how it goes. */
export type HeavySource = Pick<Case, "form" | "caller" | "seed"> & { method: Method };

/** A request's limit is 4 MiB; a payload's 1 MiB. */
const requestLimit = (4 << 20) - 1024;
const payloadLimit = (1 << 20) - 1024;
const deadlineMs = 15_000;
const maxDepth = 4;

/** The heavy cases of a method for a form, as its messages' descriptors allow. */
export function planHeavy(source: HeavySource): HeavyCase[] {
  const { method, form, caller, seed } = source;
  const taste: Taste = { random: new Random(seed), seen: new SeenValues(), caller, wildness: 0 };
  const base = () => generateMessage(method.request, taste);
  const cases = findPaths(method.request).flatMap((path) =>
    shapesOf(path).map(([shape, entry]) => ({ shape, plan: () => planTree(source, grow(base(), path, entry(form))) })),
  );
  if (form !== "json") {
    const plan = () => planTree(source, { ...base(), unknown: [unknownFields()] });
    cases.push({ shape: "unknown fields", plan });
  }
  if (!method.streamsRequests || form !== "grpc") return cases;
  const fill = (tree: Tree) => createPlan(source, repeat(frame(encodeTree(tree)), requestLimit));
  cases.push({ shape: "many messages", plan: () => fill(base()) });
  cases.push({ shape: "many smallest messages", plan: () => fill(leastOf(method.request, taste)) });
  return [...cases, ...planPacked(source, () => growText(base()))];
}

const packers = { gzip: gzipSync, deflate: deflateSync };
/** What each packed message holds: as much as a message may that needs no token. */
const packedTextBytes = 15 << 10;
/** How long who does not read stays: a server that goes on meanwhile is seen to grow. */
const deafMs = 1500;

/** Messages in one frame that unpack to hundreds of times as much, whose answers are read, or never. */
function planPacked(source: HeavySource, create: () => Tree): HeavyCase[] {
  return Object.entries(packers).flatMap(([encoding, pack]) =>
    (["end", "deaf"] as const).map((ending) => ({
      shape: `many ${encoding} messages${ending === "deaf" ? ", never read" : ""}`,
      plan() {
        const plan = createPlan(source, repeat(frame(pack(encodeTree(create())), 1), requestLimit));
        const headers = { ...plan.headers, "grpc-encoding": encoding };
        return { ...plan, headers, ending, stayMs: deafMs, ownConnection: true };
      },
    })),
  );
}

/** The message with a long text in the first field that takes one. */
function growText(tree: Tree): Tree {
  const path = findPaths(tree.type).find((found) => found.at(-1)?.type === "string");
  const field = path?.at(-1);
  return path && field ? grow(tree, path, once(field, "a".repeat(packedTextBytes))) : tree;
}

function planTree(source: HeavySource, tree: Tree): Case {
  const bytes = source.form === "json" ? renderJson(tree) : encodeTree(tree);
  return createPlan(source, source.form === "grpc" ? frame(bytes) : bytes);
}

/** The request with one empty item in each of its lists. */
function leastOf(type: protobuf.Type, taste: Taste): Tree {
  const tree = generateMessage(type, { ...taste, wildness: 0 });
  const entries = tree.entries.flatMap((entry) => {
    if (!entry.field.repeated) return [entry];
    return [{ ...entry, value: emptyOf(entry.field), times: 1 }];
  });
  return { type, entries, unknown: [] };
}

type Path = readonly protobuf.Field[];
type Shape = [name: string, entry: (form: Form) => Entry];

/** All ways to a field that can be made large: lists, maps, texts. */
function findPaths(type: protobuf.Type, before: Path = []): Path[] {
  if (before.length >= maxDepth || isTime(type)) return [];
  return type.fieldsArray.flatMap((field) => {
    const path = [...before, field];
    const inner = field.resolvedType;
    const deeper =
      inner && "fieldsArray" in inner && !before.some(({ resolvedType }) => resolvedType === inner)
        ? findPaths(inner, path)
        : [];
    const isLarge =
      field.repeated || field.map || field.type === "string" || (inner !== null && "fieldsArray" in inner);
    return isLarge ? [path, ...deeper] : deeper;
  });
}

function shapesOf(path: Path): Shape[] {
  const field = path.at(-1) as protobuf.Field;
  const name = path.map((part) => part.name).join(".");
  if (field.name.endsWith("_json")) {
    const half = payloadLimit / 2;
    return [
      [`${name}: nested lists`, () => once(field, "[".repeat(half) + "]".repeat(half))],
      [`${name}: many items`, () => once(field, `[${"0,".repeat(half - 2)}0]`)],
    ];
  }
  if (field.map) return [[`${name}: many entries`, (form) => many(field, form)]];
  if (field.repeated || field.resolvedType) return [[`${name}: many empty`, (form) => many(field, form)]];
  return [[`${name}: long`, () => once(field, '"\u0001'.repeat(requestLimit / 8))]];
}

function once(field: protobuf.Field, value: Entry["value"]): Entry {
  return { field, value, times: 1 };
}

/** As many of the smallest value as there is room for. */
function many(field: protobuf.Field, form: Form): Entry {
  const value = field.map ? { key: "", value: "" } : emptyOf(field);
  // In JSON an item is {} or "" with a comma, and an entry of a map is "":"" with one.
  const jsonBytes = field.map ? 6 : 3;
  const bytes = form === "json" ? jsonBytes : encodeField(field.id, field.type, value).length;
  // JSON has one value of a field that is no list.
  const times = form === "json" && !field.repeated && !field.map ? 1 : Math.floor(requestLimit / Math.max(bytes, 2));
  return { field, value, times };
}

function emptyOf({ resolvedType }: protobuf.Field): Entry["value"] {
  return resolvedType && "fieldsArray" in resolvedType ? { type: resolvedType, entries: [], unknown: [] } : "";
}

/** The tree with an entry at a path, in the place of what is there. */
function grow(tree: Tree, [field, ...rest]: Path, entry: Entry): Tree {
  const others = tree.entries.filter((found) => found.field !== field);
  if (!field || rest.length === 0) return { ...tree, entries: [...others, entry] };
  const found = tree.entries.find((candidate) => candidate.field === field)?.value as Tree | undefined;
  const inner = found ?? { type: field.resolvedType as protobuf.Type, entries: [], unknown: [] };
  return { ...tree, entries: [...others, { field, value: grow(inner, rest, entry), times: 1 }] };
}

function unknownFields(): Buffer {
  return repeat(encodeField(15, "int64", 1), requestLimit);
}

function repeat(bytes: Buffer, limit: number): Buffer {
  return Buffer.alloc(Math.max(1, Math.floor(limit / bytes.length)) * bytes.length, bytes);
}

function createPlan(source: HeavySource, chunk: Buffer): Case {
  return { ...startCall({ ...source, number: 0, deadlineMs }), chunks: [chunk] };
}
