/** Tells whether a pattern covers a name. */
export type Matcher = (name: string) => boolean;

/**
 * A matcher of names, in which `*` stands for any characters or none. The matcher searches each part between two stars
 * once, from the end of the part before. So no pattern causes backtracking.
 */
export function createMatcher(pattern: string): Matcher {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (name) => name === pattern;
  const inner = rest.filter((part) => part !== "");
  return (name) => {
    const end = name.length - last.length;
    if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of inner) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}
