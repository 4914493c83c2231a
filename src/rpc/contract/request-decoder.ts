import protobuf from "protobufjs";
import { invalid, PostaError } from "../../errors/posta-error.js";
import { countFields, maxFields } from "./count-fields.js";
import { findBadText } from "./find-bad-text.js";
import type { MessagePlan } from "./message-plan.js";

/** A Buffer's own method. Buffer.toString calls it too, but checks its arguments first. */
interface Utf8Slicer {
  utf8Slice(start: number, end: number): string;
}

/** Reads a message as protobufjs does, but notices strings that protobufjs silently alters or cuts. */
class CheckedReader extends protobuf.BufferReader {
  /**
   * Whether a string has the replacement character, which stands for bytes that are not UTF-8. This is no proof: the
   * caller may have sent that character.
   */
  hasReplacements = false;

  override string(): string {
    const end = this.uint32() + this.pos;
    if (end > this.len) throw new RangeError("a string ends behind its message");
    const text = (this.buf as unknown as Utf8Slicer).utf8Slice(this.pos, end);
    this.pos = end;
    if (text.includes("\uFFFD")) this.hasReplacements = true;
    return text;
  }
}

/**
 * A decoder of requests that throws a PostaError, which names the field, in two cases:
 * - The request has too many items or fields. The decoder counts them before it builds an object.
 * - A string is not UTF-8. protobufjs would alter such a string.
 */
export function createRequestDecoder<Request>(
  plan: MessagePlan,
  decode: (bytes: Buffer) => Request,
): (bytes: Buffer) => Request {
  const countedFrom = leastBytesOfTooMany(plan);
  return (bytes) => {
    try {
      if (bytes.length >= countedFrom) countFields(bytes, plan);
      const reader = new CheckedReader(bytes);
      // A generated decoder takes a reader as well as bytes.
      const request = decode(reader as unknown as Buffer);
      if (reader.hasReplacements) requireText(bytes, plan);
      return request;
    } catch (error) {
      throw toMistake(error);
    }
  };
}

/** Turns a decoder's error into the caller's mistake. */
export function toMistake(error: unknown): PostaError {
  if (error instanceof PostaError) return error;
  return invalid("request", "is not a protobuf message of the method's request type");
}

function requireText(bytes: Buffer, plan: MessagePlan): void {
  const field = findBadText(bytes, plan);
  if (field !== undefined) throw invalid(field, "is not UTF-8");
}

/** The size from which a request could have too many items or fields. Each takes at least two bytes. */
function leastBytesOfTooMany(plan: MessagePlan): number {
  return 2 * Math.min(maxFields, ...maximaIn(plan, new Set()));
}

function* maximaIn(plan: MessagePlan, seen: Set<MessagePlan>): Iterable<number> {
  if (seen.has(plan)) return;
  seen.add(plan);
  for (const { maxItems, message } of plan.fields.values()) {
    if (maxItems !== undefined) yield maxItems;
    if (message) yield* maximaIn(message, seen);
  }
}
