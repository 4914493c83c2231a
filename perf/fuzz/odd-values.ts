import type { Random } from "./random.js";

/** Names that stores, file systems, JavaScript and BullMQ give a meaning, and such as show badly. */
export const hostileNames = [
  "",
  " ",
  "a:b",
  "a:b:c",
  "0",
  "-1",
  "123",
  "1e3",
  "wait",
  "meta",
  "id",
  "events",
  "repeat:x:1",
  "posta-webhooks",
  "posta-",
  "*",
  "{tag}",
  "a}b{c",
  "../../x",
  "a\u0000b",
  "a\nb",
  "a\tb",
  "\u007f",
  "\u0085x",
  "\u202eabc",
  "\ufeffa",
  "\u2028",
  "e\u0301",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "NaN",
  "true",
  "%00",
  "%s%n",
  "' or 1=1 --",
  "$1",
  "\\",
  '"',
  "a b",
  "é".repeat(64),
  "é".repeat(65),
  "😀".repeat(32),
  "😀".repeat(33),
  "a".repeat(128),
  "a".repeat(129),
  "a".repeat(257),
  "other",
] as const;

/** Half of a character: in JSON it can be sent as an escape. */
const halfCharacters = ["\ud800", "a\udc00b", "\udc00\ud800", "x\ud83d"] as const;

/** What a decoder of UTF-8 must not take. */
const brokenUtf8: readonly Buffer[] = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x61, 0xe2, 0x82],
  [0x80, 0x61],
].map((bytes) => Buffer.from(bytes));

export const integers: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n,
  100n,
  1000n,
  1001n,
  10_000n,
  10_001n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 64n - 1n,
];

export const doubles: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.1,
  1e15,
  -1e15,
  1.0000000000000002e15,
  1e16,
  1e308,
  5e-324,
  Number.NaN,
  Infinity,
  -Infinity,
];

/** JSON texts: some that are sound, some that are none, some that ask much of who reads them. */
export function drawJson(random: Random): string | Buffer {
  const depth = random.pick([10, 100, 1000, 5000, 20_000]);
  return random.pick<() => string | Buffer>([
    () => "null",
    () => '"text"',
    () => "[]",
    () => "1e400",
    () => "-0",
    () => "12345678901234567890123",
    () => '{"a":1,"a":2}',
    () => '{"__proto__":{"x":1},"constructor":1}',
    () => '{"a":"\\ud800"}',
    () => '{"\\u0000":"\\u0000"}',
    () => `  {"a" : [1 , 2]}\n`,
    () => "[".repeat(depth) + "]".repeat(depth),
    () => '{"a":'.repeat(depth) + 1 + "}".repeat(depth),
    () => "[".repeat(depth),
    () => "{",
    () => "{'a':1}",
    () => "undefined",
    () => "\ufeff{}",
    () => '{"a":1}x',
    () => `"${"é".repeat(random.pick([100, 5000]))}"`,
    () => Buffer.concat([Buffer.from('{"a":"'), random.pick(brokenUtf8), Buffer.from('"}')]),
  ])();
}

/** A string of any kind. Long ones are few, as the stores keep some of them. */
export function drawText(random: Random): string | Buffer {
  const kind = random.weighted({ name: 60, half: 8, broken: 14, random: 10, long: 7, huge: 1 });
  if (kind === "name") return random.pick(hostileNames);
  if (kind === "half") return random.pick(halfCharacters);
  if (kind === "broken") return random.pick(brokenUtf8);
  if (kind === "random") return random.bytes(random.below(20)).toString("latin1");
  return random.pick(["a", "\\", "\u0001", "é"]).repeat(kind === "long" ? random.below(5000) : 70_000);
}
