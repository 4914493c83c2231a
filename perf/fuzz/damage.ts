import type { Random } from "./random.js";

/** Bytes of a protobuf message, changed in one or two places: cut, bits turned, a part twice, a wire type that is none. */
export function damageBytes(bytes: Buffer, random: Random): Buffer {
  const once = pickDamage(random)(bytes);
  return random.chance(0.3) ? pickDamage(random)(once) : once;
}

function pickDamage(random: Random): (bytes: Buffer) => Buffer {
  return random.pick([
    (bytes: Buffer) => bytes.subarray(0, random.below(bytes.length + 1)),
    (bytes: Buffer) => flipBit(bytes, random),
    (bytes: Buffer) => {
      const [from, until] = [random.below(bytes.length + 1), random.below(bytes.length + 1)];
      return Buffer.concat([bytes, bytes.subarray(Math.min(from, until), Math.max(from, until))]);
    },
    (bytes: Buffer) => Buffer.concat([bytes, random.bytes(1 + random.below(12))]),
    // Wire types 6 and 7 are none, and a length that goes on beyond the end.
    (bytes: Buffer) =>
      Buffer.concat([bytes, Buffer.from(random.pick([[0x0e], [0x0f], [0x0a, 0xff, 0xff, 0xff, 0x7f]]))]),
    // A number that does not end, and groups in groups that do not either.
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(12, 0xff)]),
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(random.pick([10, 10_000]), 0x0b)]),
  ]);
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.from(bytes);
  const at = random.below(Math.max(1, changed.length));
  if (changed.length > 0) changed[at] = (changed[at] as number) ^ (1 << random.below(8));
  return changed;
}

/** A JSON text that another program would not have written. */
export function damageJson(json: Buffer, random: Random): Buffer {
  const text = json.toString("latin1");
  const value = drawValue(random);
  const changed = random.pick([
    () => text.slice(0, random.below(text.length + 1)),
    () => flipBit(json, random).toString("latin1"),
    () => text.replace(/^\{/, `{"__proto__":${value},`),
    () => text.replace(/^\{("[^"]*"):/, `{$1:${value},$1:`),
    () => text.replace(/:("(\\.|[^"\\])*"|-?[\d.]+|true|false)/, () => `:${value}`),
    () => `\ufeff${text}`.replace("\ufeff", "\u00ef\u00bb\u00bf"),
    () => `${text}${random.pick(["x", "{}", ",", "\u0000"])}`,
    () => `[${text}]`,
    () => Buffer.from(text, "utf16le").toString("latin1"),
    () => value,
    () => text.replace(/"(\w)/, () => `"\\u00${random.pick(["6", "zz"])}$1`),
  ])();
  return Buffer.from(changed, "latin1");
}

function drawValue(random: Random): string {
  const depth = random.pick([10, 1000, 50_000]);
  return random.pick([
    () => "null",
    () => "[]",
    () => "{}",
    () => "1e999",
    () => "-1",
    () => "1.5",
    () => "99999999999999999999999999",
    () => '"x"',
    () => "true",
    () => `"${"9".repeat(2000)}"`,
    () => "[".repeat(depth) + "]".repeat(depth),
    () => '{"a":'.repeat(depth) + 1 + "}".repeat(depth),
  ])();
}
