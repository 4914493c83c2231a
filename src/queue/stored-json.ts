/** JSON that Redis or PostgreSQL keeps: what others wrote may be anything. */
export function parseOr<Value>(json: string, fallback: Value): Value {
  try {
    return (JSON.parse(json) as Value | null) ?? fallback;
  } catch {
    return fallback;
  }
}
