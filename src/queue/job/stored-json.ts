// JSON that Redis or PostgreSQL keeps. Other programs may have written anything there.

/**
 * JSON that nests deeper than this is not printed again. V8 parses any depth, but its stack overflows when it prints
 * some thousand levels.
 */
const maxDepth = 100;

/** Whether JSON text can be parsed and printed again. */
export function isPrintable(json: string): boolean {
  if (isDeep(json)) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

/** The object in a JSON text, safe to print again. Empty if the text has no such object. */
export function parseObject<Value extends object>(json: string): Partial<Value> {
  const value = isDeep(json) ? undefined : parseOr<unknown>(json, undefined);
  return typeof value === "object" && !Array.isArray(value) ? (value as Value) : {};
}

/** The stack traces of a job. A trace should be a text. A list in its place may nest too deeply to become a text. */
export function parseTraces(json: string): string[] {
  const traces = parseOr<unknown>(json, []);
  if (!Array.isArray(traces)) return [];
  return traces.map((trace) => (typeof trace === "object" ? "(not a text)" : String(trace)));
}

function isDeep(json: string): boolean {
  let [depth, inText] = [0, false];
  for (let at = 0; at < json.length && depth <= maxDepth; at += 1) {
    const char = json[at];
    if (char === '"') inText = !inText;
    else if (inText) at += char === "\\" ? 1 : 0;
    else if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") depth -= 1;
  }
  return depth > maxDepth;
}

function parseOr<Value>(json: string, fallback: Value): Value {
  try {
    return (JSON.parse(json) as Value | null) ?? fallback;
  } catch {
    return fallback;
  }
}
