import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { AckStream } from "../../../src/rpc/stream/ack-stream.js";

interface Message {
  sequence: number;
  bytes: number;
  items: number;
}

/** A stream of messages whose work ends when the test says so. `unread`: its caller reads no acknowledgements. */
function open({ unread = false, deadline = Number.POSITIVE_INFINITY, taken = () => {} } = {}) {
  const responses: { acks: number[] }[] = [];
  const duplex = new Duplex({
    objectMode: true,
    read: () => taken(),
    write(response, _encoding, done) {
      responses.push(response);
      if (!unread) done();
    },
  });
  const stream = Object.assign(duplex, { getDeadline: () => deadline });
  const handled: number[] = [];
  const finish: (() => void)[] = [];
  const fail: (() => void)[] = [];
  const messages = {
    weigh: ({ bytes, items }: Message) => ({ items, bytes }),
    handle({ sequence }: Message) {
      handled.push(sequence);
      return new Promise((resolve, reject) => {
        finish.push(() => resolve(sequence));
        fail.push(() => reject(new Error("unforeseen")));
      });
    },
  };
  const closing = new AbortController();
  const end = new AckStream(stream as unknown as ServerDuplexStream<Message, object>, messages, closing.signal).run();
  end.catch(() => {});
  const push = (sequence: number, bytes: number, items = 1) => stream.push({ sequence, bytes, items });
  /** All that is open is done, and what is written has been taken. */
  const finishAll = async () => {
    for (const one of finish.splice(0)) one();
    await turn();
    await turn();
  };
  return { stream, handled, finish, fail, finishAll, push, end, closing, responses };
}

it("is read no further while 1 MiB of its payloads waits for a store", async () => {
  const { stream, handled, finish, push, end } = open();
  for (let sequence = 0; sequence < 5; sequence += 1) push(sequence, 600_000);
  await turn();
  expect(handled).toEqual([0, 1]);
  finish.shift()?.();
  await turn();
  await turn();
  expect(handled).toEqual([0, 1, 2]);
  stream.push(null);
  while (finish.length > 0) {
    finish.shift()?.();
    await turn();
    await turn();
  }
  await end;
  expect(handled).toEqual([0, 1, 2, 3, 4]);
});

it("ends for a number that its acknowledgement could not name", async () => {
  const { push, end } = open();
  push(2 ** 53, 0);
  await expect(end).rejects.toMatchObject({
    code: "invalid",
    message: "sequence: 9007199254740992 is over 9007199254740991",
  });
});

it("takes one message beyond what it handles, however many more there are", async () => {
  let next = 0;
  const { stream, handled, finishAll } = open({
    taken() {
      const sequence = next++;
      setImmediate(() => push(sequence, 600_000));
    },
  });
  const push = (sequence: number, bytes: number) => stream.push({ sequence, bytes, items: 1 });
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect({ handled, taken: next }).toEqual({ handled: [0, 1], taken: 3 });
  await finishAll();
});

it("takes no more from a caller who does not read what it is told", async () => {
  const { handled, finishAll, push, responses } = open({ unread: true });
  for (let sequence = 0; sequence < 10; sequence += 1) push(sequence, 0, 1000);
  await turn();
  expect(handled).toEqual([0, 1]);
  await finishAll();
  expect(handled).toEqual([0, 1]);
  expect(responses).toEqual([{ acks: [0, 1] }]);
});

it("tells no more items in one response than a client can receive", async () => {
  const { finishAll, push, responses } = open();
  push(0, 0, 10);
  push(1, 0, 1900);
  push(2, 0, 10_000);
  await turn();
  await finishAll();
  expect(responses).toEqual([{ acks: [0, 1] }, { acks: [2] }]);
});

describe("a stream that has failed", () => {
  const failures: [string, (opened: ReturnType<typeof open>) => void, object][] = [
    ["a number that its acknowledgement could not name", ({ push }) => push(2 ** 53, 0), { code: "invalid" }],
    ["work that fails as nobody foresaw", ({ fail }) => fail.at(-1)?.(), { message: "unforeseen" }],
    ["a server that stops", ({ closing }) => closing.abort(), { code: "unavailable" }],
  ];
  it.each(failures)("by %s does nothing more, and tells what became of what it had", async (_, failNow, error) => {
    const opened = open();
    const { push, handled, finishAll, responses, end } = opened;
    push(1, 0);
    push(2, 0);
    await turn();
    failNow(opened);
    await turn();
    push(3, 0);
    await turn();
    expect(handled).toEqual([1, 2]);
    await finishAll();
    await expect(end).rejects.toMatchObject(error);
    expect(responses.flatMap(({ acks }) => acks)).toContain(1);
    push(4, 0);
    await turn();
    expect(handled).toEqual([1, 2]);
  });

  it("by a caller who left does nothing more", async () => {
    const { stream, push, handled, end } = open();
    push(1, 0);
    await turn();
    stream.emit("cancelled");
    push(2, 0);
    await turn();
    await end;
    expect(handled).toEqual([1]);
  });

  it("by its deadline does nothing more, although its caller has not read that it failed", async () => {
    const { push, handled } = open({ deadline: Date.now() });
    push(1, 0);
    await turn();
    expect(handled).toEqual([]);
  });
});
