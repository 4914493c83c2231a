import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";

let posta: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

describe("a queue of Posta's own", () => {
  it.each([
    ["UpdateJob", { jobId: "a", priority: 1 }],
    ["RemoveJob", { jobId: "a" }],
    ["DrainQueue", {}],
    ["CleanQueue", { state: "JOB_STATE_COMPLETED" }],
    ["ObliterateQueue", { force: true }],
    ["SetQueueLimits", {}],
  ])("is spared by %s", async (method, request) => {
    await expect(posta.client.queue(method, { queue: "posta-whatsapp-webhooks", ...request })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('"posta-whatsapp-webhooks" is reserved'),
    });
  });
});
