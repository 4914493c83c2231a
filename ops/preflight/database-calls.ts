import { reads } from "../../perf/bench/analytics-reads.js";
import { recipientOf } from "../../perf/bench/message-month.js";
import { queueService, ServiceClient } from "../../perf/watch/service-client.js";

/** Whose history is read. */
export const eventName = "preflight";

const hourMs = 3_600_000;

/** Makes every kind of call that PostgreSQL has a part in. `until` is the hour at which its history ends. */
export async function callAll(port: number, until: number): Promise<void> {
  const target = `127.0.0.1:${port}`;
  await withClient(target, "posta.message.v1.MessageService", callMessages);
  await withClient(target, "posta.analytics.v1.AnalyticsService", async (client) => {
    for (const ask of Object.values(reads)) {
      const { method, request } = ask(eventName, 1, until);
      await client.call(method, request);
    }
  });
  await withClient(target, queueService, async (client) => {
    await client.call("AddJob", { queue: "preflight-durable", job: { name: "bench", options: { durable: true } } });
  });
}

async function callMessages(client: ServiceClient): Promise<void> {
  const message = (key: string) => ({ to: recipientOf(1), idempotencyKey: key, text: { body: "bench" } });
  const later = { seconds: Math.floor((Date.now() + hourMs) / 1000), nanos: 0 };
  const { messageId } = await client.call<{ messageId: string }>("SendMessage", {
    message: { ...message("one"), sendTime: later, expireTime: { ...later, seconds: later.seconds + 3600 } },
  });
  await client.call("SendMessages", { messages: ["two", "three"].map(message) });
  await client.call("GetMessage", { messageId });
  await client.call("CancelMessage", { messageId });
  await listMessages(client);
  const { deadLetters } = await client.call<{ deadLetters: { id: string }[] }>("ListDeadLetters", {});
  await client.call("ListDeadLetters", { kind: "DEAD_LETTER_KIND_MESSAGE" });
  await client.call("ListDeadLetters", { kind: "DEAD_LETTER_KIND_JOB", source: "preflight-durable" });
  await client.call("RedriveMessages", { deadLetterIds: deadLetters.slice(0, 10).map(({ id }) => id) });
}

/** By each index, within a time and without, the first page and the next. */
async function listMessages(client: ServiceClient): Promise<void> {
  const times = { startTime: { seconds: Math.floor(Date.now() / 1000) - 86_400, nanos: 0 } };
  for (const by of [
    { to: recipientOf(1) },
    { status: "MESSAGE_STATUS_READ" },
    { status: "MESSAGE_STATUS_READ", ...times },
  ]) {
    const request = { ...by, pageSize: 1 };
    const { nextPageToken } = await client.call<{ nextPageToken: string }>("ListMessages", request);
    if (nextPageToken !== "") await client.call("ListMessages", { ...request, pageToken: nextPageToken });
  }
}

async function withClient(
  target: string,
  service: string,
  use: (client: ServiceClient) => Promise<void>,
): Promise<void> {
  const client = new ServiceClient(target, service);
  try {
    await use(client);
  } finally {
    client.close();
  }
}
