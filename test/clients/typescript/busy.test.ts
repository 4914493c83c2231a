import { once } from "node:events";
import { expect, it } from "vitest";
import { add, freshQueue, releases, stateOf } from "../../queue/work/work-setup.js";
import { incomingBytes } from "../../support/incoming.js";
import { frame, openByHand } from "../../support/wire-call.js";
import { jobOf, start, startAnother } from "./worker-setup.js";

/** A server that is too busy for a while: what passes is not taken for what is too large. */

const addJob = "/posta.queue.v1.QueueService/AddJob";
const mib = 1 << 20;

/** A server whose budget for requests that arrive is used up by calls of others, until these are older than 2 s. */
async function startBusy() {
  const server = await startAnother({
    POSTA_MAX_MESSAGE_BYTES: String(mib),
    POSTA_QUEUE_MAX_JOB_BYTES: String(mib),
    POSTA_MAX_INCOMING_BYTES: String(2 * mib),
  });
  const fill = async () => {
    const calls = [1, 2].map(() => openByHand(server.port, addJob, { "grpc-timeout": "9S" }));
    for (const { stream, session } of calls) {
      releases.push(() => session.destroy());
      stream.on("error", () => {});
      stream.write(frame(Buffer.alloc(900_000)));
    }
    await expect.poll(() => incomingBytes(server, "calls")).toBeGreaterThan(1_700_000);
  };
  return { server, fill };
}

it("a large result that a busy server refuses is sent again after the time that the server asks for", async () => {
  const { server, fill } = await startBusy();
  const queue = freshQueue();
  const [id] = await add(queue, 1, { attempts: 1 });
  let runs = 0;
  const worker = start(
    queue,
    async () => {
      runs += 1;
      await fill();
      return "x".repeat(700_000);
    },
    { address: `127.0.0.1:${server.port}` },
  );
  const [error] = await once(worker, "disconnected");
  const refusedAt = performance.now();
  expect(error.message).toMatch(/RESOURCE_EXHAUSTED: over 2097152 bytes of requests are on their way/);
  await once(worker, "completed");
  expect(performance.now() - refusedAt).toBeGreaterThan(950);
  expect(await stateOf(queue, id as string)).toBe("COMPLETED");
  expect((await jobOf(queue, id)).returnValueJson).toHaveLength(700_002);
  expect(runs).toBe(1);
});
