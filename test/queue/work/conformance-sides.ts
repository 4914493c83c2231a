import { type Job, UnrecoverableError, Worker } from "bullmq";
import { expect } from "vitest";
import { connection, posta } from "./work-setup.js";

/** A worker's words to BullMQ and to Posta, for the tests that compare what both leave. */

const [worker, token] = ["the-worker", "a-token"];

export interface Failure {
  message: string;
  stack: string;
  unrecoverable?: boolean;
}

/** A worker's words, for either side. A job that is held is named by its place among those that were taken. */
export interface Side {
  take(count: number): Promise<void>;
  complete(place: number, value: unknown): Promise<void>;
  fail(place: number, failure: Failure): Promise<void>;
  release(place: number): Promise<void>;
  postpone(place: number, ms: number): Promise<void>;
  limit(place: number, ms: number): Promise<void>;
  /** Writes progress, a line of the log, and new data. */
  update(place: number, progress: object, line: string, data: object): Promise<void>;
}

/** BullMQ's own Worker. Close it after use. */
export function bullSide(queue: string, prefix: string): Side & { close(): Promise<void> } {
  const bull = new Worker(queue, null, { connection, prefix, name: worker });
  const held: Job[] = [];
  const at = (place: number) => held[place] as Job;
  return {
    async take(count) {
      for (let taken = 0; taken < count; taken += 1) held.push((await bull.getNextJob(token, { block: false })) as Job);
    },
    complete: async (place, value) => void (await at(place).moveToCompleted(value, token, false)),
    async fail(place, { message, stack, unrecoverable }) {
      const error = unrecoverable ? new UnrecoverableError(message) : new Error(message);
      error.stack = stack;
      await at(place).moveToFailed(error, token, false);
    },
    release: async (place) => void (await at(place).moveToWait(token)),
    postpone: async (place, ms) => void (await at(place).moveToDelayed(Date.now() + ms, token)),
    async limit(place, ms) {
      await bull.rateLimit(ms);
      await at(place).moveToWait(token);
    },
    async update(place, progress, line, data) {
      await at(place).updateProgress(progress);
      await at(place).log(line);
      await at(place).updateData(data);
    },
    close: () => bull.close(),
  };
}

const duration = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });

/** A worker of Posta. */
export function postaSide(queue: string): Side {
  const held: { jobId: string; leaseToken: string }[] = [];
  const report = async (place: number, outcome: object) => {
    const { results } = await posta.client.worker("ReportOutcomes", {
      queue,
      reports: [{ ...held[place], ...outcome }],
    });
    expect(results).toEqual([expect.objectContaining({ verdict: "REPORT_VERDICT_APPLIED", error: null })]);
  };
  return {
    async take(count) {
      const { jobs } = await posta.client.worker("LeaseJobs", { queue, worker, maxJobs: count });
      held.push(...jobs);
    },
    complete: (place, value) => report(place, { complete: { returnValueJson: JSON.stringify(value) } }),
    fail: (place, failure) => report(place, { fail: failure }),
    release: (place) => report(place, { release: {} }),
    postpone: (place, ms) => report(place, { postpone: { delay: duration(ms) } }),
    limit: (place, ms) => report(place, { rateLimited: { duration: duration(ms) } }),
    async update(place, progress, line, data) {
      const steps = [{ progressJson: JSON.stringify(progress) }, { log: line }, { dataJson: JSON.stringify(data) }];
      const { jobId, leaseToken } = held[place] as { jobId: string; leaseToken: string };
      const updates = steps.map((step) => ({ jobId, leaseToken, ...step }));
      const { results } = await posta.client.worker("UpdateLeasedJobs", { queue, updates });
      expect(results).toEqual(Array(3).fill(expect.objectContaining({ verdict: "REPORT_VERDICT_APPLIED" })));
    },
  };
}
