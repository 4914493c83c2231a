import protobuf from "protobufjs";
import { invalid, PostaError } from "../../errors/posta-error.js";
import { countFields, maxFields } from "./count-fields.js";
import { findBadText } from "./find-bad-text.js";
import type { MessagePlan } from "./message-plan.js";

/** A Buffer's own method, which toString calls with a look at its arguments first. */
interface Utf8Slicer {
  utf8Slice(start: number, end: number): string;
}

/** Reads a message as protobufjs does, but notices strings that protobufjs alters or cuts without a word. */
class CheckedReader extends protobuf.BufferReader {
  /** Whether a string has the character that stands for bytes that are not UTF-8: its caller may have sent that character, too. */
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
 * A decoder of requests that refuses what must not be built or altered: too many items or fields, which are counted before
 * there is an object, and strings that are not UTF-8. The decoder throws a PostaError that names the field.
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

/** What a decoder threw, as the caller's mistake. */
export function toMistake(error: unknown): PostaError {
  if (error instanceof PostaError) return error;
  return invalid("request", "is not a protobuf message of the method's request type");
}

function requireText(bytes: Buffer, plan: MessagePlan): void {
  const field = findBadText(bytes, plan);
  if (field !== undefined) throw invalid(field, "is not UTF-8");
}

/** An item takes two bytes at least: what is shorter than this needs no count. */
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
