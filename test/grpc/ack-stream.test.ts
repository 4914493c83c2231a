import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { AckStream } from "../../src/grpc/ack-stream.js";

interface Message {
  sequence: number;
  bytes: number;
}

/** A stream of messages whose work ends when the test says so. */
function open() {
  const stream = new Duplex({ objectMode: true, read() {}, write: (_acks, _encoding, done) => done() });
  const handled: number[] = [];
  const finish: (() => void)[] = [];
  const messages = {
    weigh: ({ bytes }: Message) => ({ items: 1, bytes }),
    handle({ sequence }: Message) {
      handled.push(sequence);
      return new Promise((resolve) => finish.push(() => resolve(sequence)));
    },
  };
  const closing = new AbortController();
  const end = new AckStream(stream as unknown as ServerDuplexStream<Message, object>, messages, closing.signal).run();
  const push = (sequence: number, bytes: number) => stream.push({ sequence, bytes });
  return { stream, handled, finish, push, end };
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
