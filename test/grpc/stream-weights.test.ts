import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { trackHandlers } from "../../src/analytics/service/track-service.js";
import type { Tracker } from "../../src/analytics/track/track.js";
import type { Adder } from "../../src/queue/add/add.js";
import { addHandlers } from "../../src/queue/service/add-service.js";
import { WorkStream, type WorkStreamParts } from "../../src/queue/service/work-stream.js";
import type { Adapter, BidiMethod, StreamContext } from "../../src/rpc/method.js";
import type { StatusMap } from "../../src/rpc/status.js";

/** What a stream's messages weigh: no more of them are read while what is read waits for a store. */

type Method = BidiMethod<object, object>;

/** Hands methods over as they are. */
const adapter = {
  unary: (method: unknown) => method,
  serverStream: (method: unknown) => method,
  bidi: (method: unknown) => method,
} as unknown as Adapter<Method>;
const statuses = { forItems: () => () => ({}) } as unknown as StatusMap;
const context = {
  deadline: Number.POSITIVE_INFINITY,
  cancelled: false,
  connectionAgeMs: 0,
  principal: { require: () => {} },
} as unknown as StreamContext;

/** Runs a stream of such messages; resolves to how many were read. */
async function read(method: Method, message: object, taken: () => number): Promise<number> {
  const stream = new Duplex({ objectMode: true, read() {}, write: (_acks, _encoding, done) => done() });
  Object.assign(stream, { getDeadline: () => Number.POSITIVE_INFINITY });
  void method(stream as unknown as Parameters<Method>[0], context, new AbortController().signal);
  for (let sequence = 0; sequence < 10; sequence += 1) stream.push({ sequence, ...message });
  await turn();
  return taken();
}

/** 600,000 bytes of UTF-8. */
const wide = "€".repeat(200_000);

it.each([
  ["payloads", { queue: "q", jobs: [{ name: "n", dataJson: wide, options: null }] }],
  ["names", { queue: "q", jobs: [{ name: wide, dataJson: "", options: null }] }],
  ["ids", { queue: "q", jobs: [{ name: "n", dataJson: "", options: { id: wide } }] }],
])("StreamAddJobs counts %s in bytes of UTF-8", async (_, message) => {
  let taken = 0;
  const take = () => {
    taken += 1;
    return new Promise(() => {});
  };
  const adder = { addAllInTurn: take } as unknown as Adder;
  const { StreamAddJobs } = addHandlers(adapter, adder, statuses);
  expect(await read(StreamAddJobs as unknown as Method, message, () => taken)).toBe(2);
});

it.each([
  ["names", { name: wide, id: "", subject: "", dimensions: {} }],
  ["values", { name: "n", id: "", subject: "", dimensions: { key: wide } }],
])("StreamEvents counts %s in bytes of UTF-8", async (_, event) => {
  let taken = 0;
  const storeInTurn = () => {
    taken += 1;
    return new Promise(() => {});
  };
  const { StreamEvents } = trackHandlers(adapter, { storeInTurn } as unknown as Tracker, statuses);
  const message = { events: [event], acknowledgement: "ACKNOWLEDGEMENT_STORED" };
  expect(await read(StreamEvents as unknown as Method, message, () => taken)).toBe(2);
});

const token = `posta:${"A".repeat(22)}:1:1`;
const hello = {
  message: "hello",
  hello: { worker: "w", version: "", lease: null, credits: [{ queue: "q", maxInFlight: 1 }], resume: [] },
};
const never = () => new Promise(() => {});
const outcome = (of: object) => ({ jobId: "j", leaseToken: token, ...of });
const reports = (report: object) => ({
  message: "reports",
  reports: { reports: [{ reportId: 1, queue: "q", report }] },
});

/** Sends such messages to a session whose store does not answer. Resolves to how many were not read. */
async function leaveUnread(message: object, count: number): Promise<number> {
  const stream = new Duplex({ objectMode: true, read() {}, write: (_acks, _encoding, done) => done() });
  Object.assign(stream, { getDeadline: () => Number.POSITIVE_INFINITY });
  const parts = {
    statuses,
    maxJobBytes: 4 << 20,
    connections: { maxAgeMs: 1e6, graceMs: 1e6 },
    registry: { add: () => {}, remove: () => {} },
    leaser: { isClosed: false, take: never },
    reporter: { report: never, update: never },
  } as unknown as WorkStreamParts;
  type Stream = ConstructorParameters<typeof WorkStream>[0];
  void new WorkStream(stream as unknown as Stream, context, new AbortController().signal, parts).run();
  stream.push(hello);
  await turn(); // The session begins, and asks for jobs.
  for (let sent = 0; sent < count; sent += 1) stream.push(message);
  await turn();
  return stream.readableLength;
}

it.each([
  ["results", reports(outcome({ outcome: "complete", complete: { returnValueJson: JSON.stringify(wide) } }))],
  ["failures", reports(outcome({ outcome: "fail", fail: { message: wide, stack: "", retryDelay: null } }))],
  ["reports that are wrong", reports(outcome({ outcome: "complete", complete: { returnValueJson: wide } }))],
  [
    "updates",
    {
      message: "updates",
      updates: { updates: [{ reportId: 1, queue: "q", update: outcome({ update: "log", log: wide }) }] },
    },
  ],
])("Work counts %s in bytes of UTF-8", async (_, message) => {
  expect(await leaveUnread(message, 10)).toBe(8);
});

it("Work stops reading a worker that asks to be drained again and again", async () => {
  expect(await leaveUnread({ message: "drain", drain: {} }, 2500)).toBe(500);
});
