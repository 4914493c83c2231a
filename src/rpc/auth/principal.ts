import { PostaError, show } from "../../errors/posta-error.js";
import { createMatcher, type Matcher } from "./pattern.js";

/** What callers have rights to: queues, the work of queues, analytics events, and the numbers that messages are sent from. */
const grantKinds = ["queue", "work", "event", "number"] as const;
export type GrantKind = (typeof grantKinds)[number];

const doing: Record<GrantKind, string> = {
  queue: "use the queue",
  work: "work on the queue",
  event: "use the event",
  number: "use the number",
};

/** A caller, as the domain sees it: may this caller use the queue, event or sending number of a given name? */
export interface Principal {
  readonly name: string;
  mayUse(kind: GrantKind, name: string): boolean;
  /** Throws forbidden. */
  require(kind: GrantKind, name: string): void;
}

/** The caller where no authentication is required. */
export const anyone: Principal = { name: "anyone", mayUse: () => true, require() {} };

/**
 * A caller that may use what its patterns cover. A pattern that begins with a kind and a colon ("queue:mail*") covers
 * names of that kind. Any other pattern covers names of every kind.
 */
export function createPrincipal(name: string, patterns: readonly string[]): Principal {
  const grants = Object.fromEntries(grantKinds.map((kind) => [kind, createGrant(patterns, kind)]));
  const mayUse = (kind: GrantKind, used: string) => (grants[kind] as Matcher)(used);
  return {
    name,
    mayUse,
    require(kind, used) {
      if (!mayUse(kind, used)) throw new PostaError("forbidden", `${name} may not ${doing[kind]} ${show(used)}`);
    },
  };
}

/** Splits off the kind that a pattern is limited to; undefined: the pattern covers every kind. */
export function parsePattern(text: string): { kind: GrantKind | undefined; pattern: string } {
  const kind = grantKinds.find((one) => text.startsWith(`${one}:`));
  return { kind, pattern: kind ? text.slice(kind.length + 1) : text };
}

/** Patterns without a star go into a Set, so a lookup takes constant time however many there are. */
function createGrant(patterns: readonly string[], kind: GrantKind): Matcher {
  const parsed = patterns.map(parsePattern).filter((one) => one.kind === undefined || one.kind === kind);
  const given = parsed.map(({ pattern }) => pattern);
  const names = new Set(given.filter((pattern) => !pattern.includes("*")));
  const matchers = given.filter((pattern) => pattern.includes("*")).map(createMatcher);
  return (name) => names.has(name) || matchers.some((covers) => covers(name));
}
