import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { frame, openByHand } from "../support/wire-call.js";

/** A stream whose deadline passes while the answers to its messages are under way. */

let posta: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta?.stop());

const streams = [
  { service: "posta.queue.v1.QueueService", name: "StreamAddJobs", rest: { queue: "q", jobs: [{ name: "n" }] } },
  { service: "posta.analytics.v1.AnalyticsService", name: "StreamEvents", rest: { events: [{ name: "n" }] } },
];

describe.each(streams)("$name", ({ service, name, rest }) => {
  const { path, requestSerialize } = TestClient.method(service, name);
  /** More messages than are done before the deadline. */
  const flood = Buffer.concat(Array(60_000).fill(frame(requestSerialize({ sequence: 1, ...rest }))));
  const begin = () => {
    const call = openByHand(posta.port, path, { "grpc-timeout": "200m" });
    call.stream.on("error", () => {}); // What is sent after the status.
    call.stream.end(flood);
    return call;
  };

  it("ends with its status, although answers are written after it", async () => {
    const codes: number[] = [];
    for (let call = 0; call < 10; call += 1) codes.push((await begin().ended).code);
    expect(codes).toEqual(Array(10).fill(status.DEADLINE_EXCEEDED));
  });

  it("is cut off in the end, if its caller does not read", async () => {
    const { stream, session } = begin();
    stream.pause();
    await expect.poll(() => stream.closed).toBe(true);
    session.destroy();
  });
});
