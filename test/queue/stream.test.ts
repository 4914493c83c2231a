import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";

/** What a caller of a stream is told about each job. */

let posta: Awaited<ReturnType<typeof startServer>>;
let queues = 0;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta?.stop());

const freshQueue = () => `streams-${++queues}`;
const added = (jobId: unknown) => ({ jobId, outcome: "OUTCOME_ADDED" });
const duplicate = (jobId: unknown) => ({ jobId, outcome: "OUTCOME_DUPLICATE" });
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
const countsOf = async (queue: string) => (await posta.client.queue("GetQueue", { queue })).queue.counts;

describe("StreamAddJobs", () => {
  interface Ack {
    sequence: number;
    results: { jobId: string; outcome: string; error: { code: number; message: string } | null }[];
  }

  /** Sends the messages and ends; resolves to all acknowledgements by their sequence, and in the order of their coming. */
  async function stream(messages: object[]) {
    const call = posta.client.addStream();
    for (const message of messages) call.write(message);
    call.end();
    const acks: Ack[] = [];
    for await (const response of call) acks.push(...response.acks);
    return { acks, bySequence: new Map(acks.map((ack) => [ack.sequence, ack])) };
  }

  it("acknowledges each message once, by its sequence, with a result for each job", async () => {
    const queue = freshQueue();
    const messages = Array.from({ length: 500 }, (_, n) => ({
      sequence: n * 3,
      queue,
      jobs: [0, 1].map((part) => ({ name: "n", options: { id: `s${n}-${part}` } })),
    }));
    const { acks, bySequence } = await stream(messages);
    expect(acks).toHaveLength(500);
    for (const { sequence } of messages) {
      const { results } = bySequence.get(sequence) as Ack;
      expect(results).toMatchObject([added(`s${sequence / 3}-0`), added(`s${sequence / 3}-1`)]);
    }
    expect(await countsOf(queue)).toMatchObject({ waiting: 1000 });
  });

  it("fails each job of a message with a bad queue name, and goes on with the others", async () => {
    const queue = freshQueue();
    const job = (id: string) => ({ name: "n", options: { id } });
    const { acks, bySequence } = await stream([
      { sequence: 7, queue, jobs: [job("a")] },
      { sequence: 8, queue: "bad:name", jobs: [job("b"), job("c")] },
      { sequence: Number.MAX_SAFE_INTEGER, queue, jobs: [job("a"), { name: "" }, job("d")] },
    ]);
    expect(acks).toHaveLength(3);
    expect(bySequence.get(7)?.results).toMatchObject([added("a")]);
    const bad = bySequence.get(8)?.results;
    expect(bad?.map(({ jobId }) => jobId)).toEqual(["b", "c"]);
    for (const result of bad ?? []) {
      expect(result).toMatchObject({ outcome: "OUTCOME_UNSPECIFIED", error: { code: status.INVALID_ARGUMENT } });
      expect(result.error?.message).toContain("queue");
    }
    const last = bySequence.get(Number.MAX_SAFE_INTEGER)?.results;
    expect(last).toMatchObject([duplicate("a"), { error: { code: status.INVALID_ARGUMENT } }, added("d")]);
  });

  it.each([
    ["no jobs", { sequence: 1, queue: "q" }, "jobs: is required"],
    [
      "a number beyond 2^53 - 1",
      { sequence: "9007199254740993", queue: "q", jobs: [{ name: "n" }] },
      /^sequence: .*is over 9007199254740991$/,
    ],
  ])("ends at a message with %s", async (_, message, details) => {
    const call = posta.client.addStream();
    call.resume();
    call.write(message);
    const [error] = await once(call, "error");
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(details) });
  });

  it("acknowledges while the stream is open", async () => {
    const call = posta.client.addStream();
    const queue = freshQueue();
    const answers = call[Symbol.asyncIterator]();
    for (const sequence of [1, 2, 3]) {
      call.write({ sequence, queue, jobs: [{ name: "n" }] });
      const { value } = await answers.next();
      expect(value.acks).toMatchObject([{ sequence, results: [added(uuid)] }]);
    }
    call.end();
    expect(await answers.next()).toMatchObject({ done: true });
  });
});

describe("streams for whose jobs there is no room", () => {
  it("wait, and have them all added in their order", async () => {
    const narrow = await startServer(inject("redisUrl"), { POSTA_QUEUE_MAX_PENDING: "10" });
    await narrow.serving;
    const stream = narrow.client.addStream();
    const outcomes: string[] = [];
    stream.on("data", ({ acks }) => {
      for (const { results } of acks) outcomes.push(...results.map(({ outcome }: { outcome: string }) => outcome));
    });
    for (let sequence = 0; sequence < 200; sequence += 1) {
      stream.write({ sequence, queue: "narrow", jobs: [{ name: `n${sequence}` }, { name: `n${sequence}` }] });
    }
    stream.end();
    await new Promise((resolve) => stream.on("end", resolve));
    const { jobs } = await narrow.client.queue("ListJobs", {
      queue: "narrow",
      state: "JOB_STATE_WAITING",
      pageSize: 1000,
    });
    await narrow.stop();
    expect(outcomes).toEqual(Array(400).fill("OUTCOME_ADDED"));
    const names = Array.from({ length: 400 }, (_, index) => `n${Math.floor(index / 2)}`);
    expect(jobs.map(({ name }: { name: string }) => name)).toEqual(names);
  });
});
