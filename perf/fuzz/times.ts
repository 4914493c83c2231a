import type protobuf from "protobufjs";
import { nameOf } from "./contract.js";
import { integers } from "./odd-values.js";
import type { Taste } from "./plain-values.js";
import type { Entry, Scalar, Tree } from "./tree.js";

const hour = 3600;
const oddNanos = [0n, -1n, 999_999_999n, 1_000_000_000n, 2n ** 31n - 1n, -(2n ** 31n)];
/** The first and the last second that a Timestamp may have, and those beyond. */
const oddSeconds = [-62_135_596_800n, -62_135_596_801n, 253_402_300_799n, 253_402_300_800n, 315_576_000_000n];

/** Whether a type is a Timestamp or a Duration: their fields make sense only together. */
export function isTime(type: protobuf.Type): boolean {
  return /^google\.protobuf\.(Timestamp|Duration)$/.test(nameOf(type));
}

/** One for a field of this name: mostly one that it takes. */
export function drawTime(type: protobuf.Type, { random, wildness }: Taste, fieldName: string): Tree {
  const isOdd = random.chance(wildness);
  const seconds = isOdd ? random.pick([...integers, ...oddSeconds]) : drawSeconds(type.name, fieldName, random.share());
  const nanos = isOdd ? random.pick(oddNanos) : 0n;
  return createTime(type, seconds, nanos);
}

function createTime(type: protobuf.Type, seconds: Scalar, nanos: Scalar): Tree {
  const entry = (name: string, value: Scalar): Entry => ({
    field: type.fields[name] as protobuf.Field,
    value,
    times: 1,
  });
  return { type, entries: [entry("seconds", seconds), entry("nanos", nanos)], unknown: [] };
}

/** Ranges are of whole hours around now; what is to be sent, is to be soon; events have just happened. */
function drawSeconds(typeName: string, fieldName: string, share: number): bigint {
  if (typeName === "Duration") return BigInt(Math.floor(share * 100));
  const now = Math.floor(Date.now() / 1000);
  const thisHour = now - (now % hour);
  if (fieldName.startsWith("start")) return BigInt(thisHour - hour * Math.floor(share * 50));
  if (fieldName.startsWith("end")) return BigInt(thisHour + hour);
  if (fieldName.startsWith("expire")) return BigInt(now + 2 * hour);
  return BigInt(now - Math.floor(share * 60));
}
