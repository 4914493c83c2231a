import { expect } from "vitest";
import type { startServer } from "../../support/posta.js";
import { posta, releases } from "./work-setup.js";

type Server = Awaited<ReturnType<typeof startServer>>;

export interface Job {
  jobId: string;
  leaseToken: string;
  attempt: number;
}

// biome-ignore lint/suspicious/noExplicitAny: messages of every kind; each test asserts the shape that it needs.
export type Message = any;

/** A session of a client, with all that it was sent. */
export function open(server: Server = posta) {
  const stream = server.client.stream("posta.queue.v1.WorkerService", "Work");
  const got: Message[] = [];
  stream.on("data", (message) => got.push(message));
  const ended = new Promise<{ code: number; details: string }>((resolve) => stream.on("status", resolve));
  stream.on("error", () => {});
  releases.push(() => stream.cancel());
  const find = (kind: string) => got.filter(({ message }) => message === kind).map((message) => message[kind]);
  const until = async (kind: string, count = 1) => {
    await expect.poll(() => find(kind).length, { timeout: 8000 }).toBeGreaterThanOrEqual(count);
    return find(kind);
  };
  return {
    stream,
    got,
    ended,
    find,
    until,
    jobs: () => find("assign").flatMap(({ jobs }) => jobs as Job[]),
    hello: (queue: string, maxInFlight: number, rest: object = {}) =>
      stream.write({ hello: { worker: "w", credits: [{ queue, maxInFlight }], ...rest } }),
    ack: () => stream.write({ heartbeat: { ackSequence: find("assign").at(-1)?.sequence ?? 0 } }),
    report: (queue: string, { jobId, leaseToken }: Job, outcome: object, reportId = 1) =>
      stream.write({ reports: { reports: [{ reportId, queue, report: { jobId, leaseToken, ...outcome } }] } }),
    /** Resolves when the worker has so many jobs. It sends heartbeats meanwhile. */
    async untilJobs(count: number, timeout: number) {
      const beat = setInterval(() => stream.write({ heartbeat: {} }), 1000);
      await expect
        .poll(() => find("assign").flatMap(({ jobs }) => jobs).length, { timeout })
        .toBe(count)
        .finally(() => clearInterval(beat));
    },
    async acks(count = 1) {
      await expect.poll(() => find("acks").flatMap(({ acks }) => acks).length).toBeGreaterThanOrEqual(count);
      return find("acks").flatMap(({ acks }) => acks) as Message[];
    },
  };
}
