import { type DescField, type DescMessage, fromJson, type JsonValue, type Registry } from "@bufbuild/protobuf";
import { invalid, type PostaError, show } from "../../errors/posta-error.js";

/** A place where a JSON text does not fit its message type, and the problem. Domain errors write paths the same way. */
interface Fault {
  path: string;
  problem: string;
}

type JsonObject = { [key: string]: JsonValue };

/**
 * Turns the library's refusal of a JSON text into an error that names the field at fault: "jobs[3].options.priority:
 * ...". The library names the type, but not the place in the request. So this function tries each part separately. Only
 * a refused request pays this cost.
 */
export function findJsonFault(type: DescMessage, text: string, registry: Registry, refusal: Error): PostaError {
  const whole = { path: "request", problem: explain(refusal) };
  const fault = locate(type, parse(text), registry) ?? whole;
  return invalid(fault.path, fault.problem);
}

/** undefined: the text is no JSON. */
function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function locate(type: DescMessage, json: JsonValue | undefined, registry: Registry): Fault | undefined {
  if (!isObject(json) || type.typeName.startsWith("google.protobuf.")) return undefined;
  for (const [key, value] of Object.entries(json)) {
    const refusal = refusalOf(type, { [key]: value }, registry);
    if (!refusal) continue;
    const field = type.fields.find(({ name, jsonName }) => key === name || key === jsonName);
    if (!field) return { path: show(key).slice(1, -1), problem: `${type.typeName} has no such field` };
    return locateIn(field, value, registry) ?? { path: field.name, problem: explain(refusal) };
  }
  return undefined;
}

/** The fault inside a message or a list of messages; undefined: the field itself is at fault. */
function locateIn(field: DescField, value: JsonValue, registry: Registry): Fault | undefined {
  if (field.fieldKind === "message") return within(field.name, locate(field.message, value, registry));
  if (field.fieldKind !== "list" || field.listKind !== "message" || !Array.isArray(value)) return undefined;
  for (const [index, item] of value.entries()) {
    const refusal = refusalOf(field.message, item, registry);
    const path = `${field.name}[${index}]`;
    if (refusal) return within(path, locate(field.message, item, registry)) ?? { path, problem: explain(refusal) };
  }
  return undefined;
}

function within(path: string, fault: Fault | undefined): Fault | undefined {
  return fault && { path: `${path}.${fault.path}`, problem: fault.problem };
}

function refusalOf(type: DescMessage, json: JsonValue, registry: Registry): Error | undefined {
  try {
    fromJson(type, json, { registry });
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** The library's message, without the words that only repeat the type. */
function explain({ message }: Error): string {
  const [, kind, name, why = ""] = /^cannot decode (\w+) (\S+) from JSON:? (.*)$/s.exec(message) ?? [];
  const problem = name === undefined ? message : kind === "field" || kind === "oneof" ? why : `is no ${name}: ${why}`;
  return problem.length > 200 ? `${problem.slice(0, 200)}...` : problem;
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
