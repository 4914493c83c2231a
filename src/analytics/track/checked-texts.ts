import { requireText } from "../../errors/check-text.js";
import { seriesMember } from "../hot/keys.js";

const maxNameBytes = 128;
const maxKeyBytes = 64;
const maxValueBytes = 128;
/** How many texts are remembered. After that all are forgotten, so that no caller can fill the memory. */
const maxKnown = 20_000;

/** Throws unless events can have this name. */
export function requireEventName(name: string, field = "name"): void {
  requireText(name, field, maxNameBytes);
}

/** Throws unless a dimension can have this key. */
export function requireDimension(key: string, field: string): void {
  requireText(key, field, maxKeyBytes);
}

/** Throws unless a dimension can have this value. */
export function requireDimensionValue(value: string, field: string): void {
  requireText(value, field, maxValueBytes);
}

/**
 * The names and dimensions of this process' events, which are few and come again and again. A text that was found good
 * need not be checked again. A dimension's member is one string, not a new string each time.
 */
export class CheckedTexts {
  private readonly names = new Set<string>();
  /** Members by their dimension's key and value. */
  private readonly members = new Map<string, Map<string, string>>();
  private known = 0;

  /** Throws unless events can have this name. */
  requireName(name: string): void {
    if (this.names.has(name)) return;
    requireEventName(name);
    this.grow();
    this.names.add(name);
  }

  /** The series of a dimension within its name. Throws unless an event can have that dimension. */
  memberOf(key: string, value: string): string {
    return this.members.get(key)?.get(value) ?? this.learn(key, value);
  }

  private learn(key: string, value: string): string {
    requireDimension(key, "dimensions");
    requireDimensionValue(value, `dimensions[${JSON.stringify(key)}]`);
    this.grow();
    const member = seriesMember(key, value);
    const values = this.members.get(key);
    if (values) values.set(value, member);
    else this.members.set(key, new Map([[value, member]]));
    return member;
  }

  private grow(): void {
    this.known += 1;
    if (this.known <= maxKnown) return;
    this.known = 1;
    this.names.clear();
    this.members.clear();
  }
}
