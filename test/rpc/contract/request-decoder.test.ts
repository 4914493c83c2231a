import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { TestClient } from "../../support/client.js";
import { startServer } from "../../support/posta.js";
import { callByHand, frame } from "../../support/wire-call.js";

const queueService = "posta.queue.v1.QueueService";
const analyticsService = "posta.analytics.v1.AnalyticsService";
const messageService = "posta.message.v1.MessageService";

/** A request in which the bytes of "%" are no character: 0xE9 is "é" in Latin-1. */
function withBadBytes(service: string, method: string, request: object): Buffer {
  const bytes = TestClient.method(service, method).requestSerialize(request);
  for (const [index, byte] of bytes.entries()) if (byte === 0x25) bytes[index] = 0xe9;
  return bytes;
}

/** A field's tag and an empty content, over and over. */
const repeat = (tag: number, times: number) => Buffer.alloc(2 * times, Buffer.from([tag, 0]));

describe("a request", () => {
  let posta: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"));
    await posta.serving;
  });
  afterAll(() => posta.stop());

  const call = (service: string, method: string, bytes: Buffer) =>
    callByHand(posta.port, `/${service}/${method}`, frame(bytes));
  const post = async (service: string, method: string, body: Buffer) => {
    const headers = { "content-type": "application/proto" };
    const answer = await fetch(`${posta.httpUrl}/${service}/${method}`, { method: "POST", headers, body });
    return { status: answer.status, ...((await answer.json()) as { code: string; message: string }) };
  };

  const job = (dataJson: string) => ({ name: "n", dataJson });
  it.each([
    [queueService, "AddJob", { queue: "q", job: job('{"t":"caf%"}') }, "job.data_json"],
    [queueService, "AddJobs", { queue: "q", jobs: [job("1"), job("2"), job('"%"')] }, "jobs[2].data_json"],
    [queueService, "AddJobs", { queue: "%", jobs: [job("1")] }, "queue"],
    [queueService, "AddJob", { queue: "q", job: { ...job("1"), options: { id: "i%" } } }, "job.options.id"],
    [
      analyticsService,
      "TrackEvent",
      { event: { name: "e", dimensions: { a: "b", c: "%" } } },
      "event.dimensions[1].value",
    ],
    [analyticsService, "TrackEvent", { event: { name: "e", dimensions: { "%": "b" } } }, "event.dimensions[0].key"],
    [messageService, "RedriveMessages", { deadLetterIds: ["1", "%"] }, "dead_letter_ids[1]"],
  ])(
    "%s/%s whose string is not UTF-8 is refused by either way, with the field's path",
    async (service, method, request, field) => {
      const bytes = withBadBytes(service, method, request);
      const message = `${field}: is not UTF-8`;
      expect(await call(service, method, bytes)).toMatchObject({ code: status.INVALID_ARGUMENT, message });
      expect(await post(service, method, bytes)).toMatchObject({ status: 400, code: "invalid_argument", message });
    },
  );

  it("on a stream ends the stream with the same error", async () => {
    const request = { sequence: 1, queue: "q", jobs: [job("1"), job('"%"')] };
    const answer = await call(queueService, "StreamAddJobs", withBadBytes(queueService, "StreamAddJobs", request));
    expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT, message: "jobs[1].data_json: is not UTF-8" });
  });

  it("keeps the replacement character if its caller sent that", async () => {
    const dataJson = JSON.stringify("a\uFFFDb é 😀".repeat(40));
    const { jobId } = await posta.client.queue("AddJob", { queue: "kept", job: job(dataJson) });
    const found = await posta.client.queue("GetJob", { queue: "kept", jobId });
    expect(found.job.dataJson).toBe(dataJson);
  });

  it("with a string that ends behind its message is refused", async () => {
    const answer = await call(queueService, "GetQueue", Buffer.from([0x0a, 0x05, 0x61]));
    expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT, message: expect.stringMatching(/^request: is not/) });
  });

  it.each([
    [queueService, "AddJobs", 0x12, 1_000_000, "jobs: 1000000 items is over 10000"],
    [queueService, "StreamAddJobs", 0x1a, 1_000_000, "jobs: 1000000 items is over 10000"],
    [analyticsService, "TrackEvents", 0x0a, 2_000_000, "events: 2000000 items is over 10000"],
    [analyticsService, "StreamEvents", 0x12, 2_000_000, "events: 2000000 items is over 10000"],
    [messageService, "SendMessages", 0x0a, 1001, "messages: 1001 items is over 1000"],
    [messageService, "RedriveMessages", 0x0a, 500_000, "dead_letter_ids: 500000 items is over 1000"],
    [queueService, "GetQueue", 0x0a, 600_000, "request: has over 500000 fields"],
    // A field that there is not, and one of another wire type than its own, which protobufjs would read as an item all the same.
    [queueService, "AddJobs", 0x78, 600_000, "request: has over 500000 fields"],
    [queueService, "AddJobs", 0x10, 600_000, "request: is not a protobuf message of the method's request type"],
  ])(
    "%s/%s of too many items of tag %i (%i) is refused before it is built",
    async (service, method, tag, times, message) => {
      const before = process.memoryUsage().heapUsed;
      const answer = await call(service, method, repeat(tag, times));
      expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT, message });
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 << 20);
    },
  );

  it("names the place of a nested field with too many items", async () => {
    const dimensions = repeat(0x32, 1001);
    const event = Buffer.concat([Buffer.from([0x0a, 0xd2, 0x0f]), dimensions]);
    const events = Buffer.concat([
      ...Array.from({ length: 3 }, () => Buffer.from([0x0a, 0])),
      event,
      repeat(0x0a, 5000),
    ]);
    const answer = await call(analyticsService, "TrackEvents", events);
    expect(answer).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: "events[3].dimensions: 1001 items is over 1000",
    });
  });

  it("of as many items as there may be is taken", async () => {
    const jobs = Array.from({ length: 10_000 }, () => ({
      name: "n",
      options: { attempts: 2, delay: { seconds: 60 } },
    }));
    const { results } = await posta.client.queue("AddJobs", { queue: "most", jobs });
    expect(results).toHaveLength(10_000);
  });
});
