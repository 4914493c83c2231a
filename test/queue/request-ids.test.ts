import type { Job } from "bullmq";
import { describe, expect, it } from "vitest";
import { readRequestId } from "../../src/queue/job/request-id.js";
import { type Bundle, redrive, start, work } from "./spool-setup.js";

/** What a worker of BullMQ finds with the first jobs of a queue, in the order in which they ran. */
function metadataOf(bundle: Bundle, count: number, queue = "q"): Promise<unknown[]> {
  const seen: unknown[] = [];
  return new Promise((resolve) => {
    work(bundle, queue, async ({ opts: { telemetry } }: Job) => {
      seen.push(telemetry && JSON.parse(telemetry.metadata ?? "null"));
      if (seen.length === count) resolve(seen);
    });
  });
}

const [order17, order18] = [{ "x-request-id": "order-17" }, { "x-request-id": 'order-"18"' }];
const once = { attempts: 1 };

describe("the id of the request that added a job", () => {
  it("is with the job that a worker gets, where its caller gave one", async () => {
    const bundle = await start();
    await bundle.add("q", {}, "order-17");
    await bundle.add("q", {});
    await bundle.add("q", { options: { attempts: 5 } }, order18["x-request-id"]);
    await bundle.add("q", { options: { deduplication: { id: "d" } } }, "order-17");
    expect(await metadataOf(bundle, 4)).toEqual([order17, undefined, order18, order17]);
  });

  it("stays with one that goes through PostgreSQL", async () => {
    const bundle = await start();
    await bundle.startDelivery();
    const delay = { seconds: 0, nanos: 1e6 };
    expect(await bundle.add("q", { options: { durable: true, delay } }, "order-17")).toMatchObject({
      outcome: "OUTCOME_SPOOLED",
    });
    await bundle.add("q", { options: { durable: true } });
    expect(await metadataOf(bundle, 2)).toEqual(expect.arrayContaining([order17, undefined]));
  });

  it("is in the line that tells of its dead letter, and still with the job when that is redriven", async () => {
    const bundle = await start();
    const { warnings } = await bundle.startDelivery();
    await bundle.add("bad", { options: { ...once, id: "named" } }, "order-17");
    await bundle.add("bad", { options: { ...once, id: "nameless" } });
    const worker = work(bundle, "bad", () => Promise.reject(new Error("no luck")));
    const line = { queue: "bad", jobId: "named", requestId: "order-17" };
    await expect.poll(() => warnings).toHaveLength(2);
    expect(warnings).toEqual(expect.arrayContaining([line, { queue: "bad", jobId: "nameless" }]));

    await worker.close();
    for (const jobId of ["named", "nameless"]) await bundle.client.queue("RemoveJob", { queue: "bad", jobId });
    await redrive(bundle);
    expect(await metadataOf(bundle, 2, "bad")).toEqual(expect.arrayContaining([order17, undefined]));
  });

  it("is read from what Posta wrote, and from nothing else", () => {
    expect(readRequestId(JSON.stringify({ tm: JSON.stringify(order18) }))).toBe('order-"18"');
    for (const other of [
      "",
      "{}",
      '{"tm":7}',
      '{"tm":"00-ab-01"}',
      '{"tm":"null"}',
      '{"tm":"{\\"x-request-id\\":7}"}',
    ]) {
      expect(readRequestId(other)).toBeUndefined();
    }
  });
});
