import { describe, expect, it } from "vitest";
import type { PostaError } from "../../src/errors/posta-error.js";
import { IncomingBytes } from "../../src/rpc/incoming-bytes.js";

const kib = 1 << 10;

/** InFlightLimit for so many KiB, and requests with names that may be dropped. */
function setup(maxKib: number, patienceMs: number) {
  const incoming = new IncomingBytes({ maxBytes: maxKib * kib, patienceMs });
  const dropped: string[] = [];
  const begin = (name: string) =>
    incoming.begin((error: PostaError) => {
      expect(error).toMatchObject({ code: "exhausted", retryAfterMs: 1000 });
      dropped.push(name);
    });
  return { begin, dropped };
}

describe("the bytes of requests that come in", () => {
  it("take the room of the oldest, as far as it is needed", () => {
    const { begin, dropped } = setup(10, 0);
    const [a, b, c, d] = ["a", "b", "c", "d"].map(begin);
    a?.hold(2 * kib);
    b?.hold(4 * kib);
    c?.hold(3 * kib);
    expect(dropped).toEqual([]);
    d?.hold(2 * kib);
    expect(dropped).toEqual(["a"]);
    d?.hold(3 * kib);
    expect(dropped).toEqual(["a", "b"]);
  });

  it("of the oldest are refused when it is the oldest that needs more", () => {
    const { begin, dropped } = setup(10, 0);
    const [a, b] = [begin("a"), begin("b")];
    a.hold(2 * kib);
    b.hold(7 * kib);
    expect(() => a.hold(3 * kib)).toThrow("over 10240 bytes of requests are on their way");
    a.release();
    b.hold(2 * kib);
    expect(dropped).toEqual([]);
  });

  it("are refused while the oldest has not been on its way for long", () => {
    const { begin, dropped } = setup(10, 60_000);
    const [a, b] = [begin("a"), begin("b")];
    a.hold(9 * kib);
    expect(() => b.hold(2 * kib)).toThrow("over 10240 bytes");
    b.release();
    a.release();
    begin("c").hold(9 * kib);
    expect(dropped).toEqual([]);
  });

  it("are given back once, however often they are released", () => {
    const { begin, dropped } = setup(10, 0);
    const a = begin("a");
    a.hold(5 * kib);
    a.release();
    a.release();
    begin("b").hold(9 * kib);
    begin("c").hold(kib >> 1);
    expect(dropped).toEqual([]);
    begin("d").hold(kib);
    expect(dropped).toEqual(["b"]);
  });

  it("count for more when they come in many small chunks", () => {
    const { begin } = setup(10, 60_000);
    const a = begin("a");
    const sendAll = () => {
      for (let sent = 0; sent < kib; sent += 1) a.hold(1);
    };
    expect(sendAll).toThrow("over 10240 bytes");
  });
});
