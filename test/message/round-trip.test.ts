import { expect, inject, it } from "vitest";
import { readConfig } from "../../src/config/config.js";
import { createDelivery } from "../../src/process/delivery.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { freePort, freshPrefix, startServer } from "../support/posta.js";
import { createDatabase } from "../support/postgres.js";
import { useReleases } from "../support/releases.js";
import { startWhatsApp } from "../support/whatsapp-server.js";
import { openMessages } from "./messages.js";

const service = "posta.message.v1.MessageService";
const secret = "an app's secret";
const releases = useReleases();

/** A server and a delivery on the same stores, and a Cloud API whose webhooks come in disorder. */
async function setup() {
  const database = await createDatabase();
  releases.push(() => database.drop());
  const store = await openMessages(database.url);
  releases.push(() => store.close());
  const [httpPort, prefix] = [await freePort(), freshPrefix()];
  const api = await startWhatsApp({
    webhook: { url: `http://127.0.0.1:${httpPort}/webhooks/whatsapp`, secret },
    statuses: { duplicateShare: 0.5, shuffleShare: 0.5, skipShare: 0.3, sentMs: 20, deliveredMs: 50, readMs: 100 },
  });
  releases.push(() => api.stop());
  const env = {
    POSTA_DATABASE_URL: database.url,
    POSTA_QUEUE_PREFIX: prefix,
    POSTA_ANALYTICS_PREFIX: `${prefix}a`,
    POSTA_HTTP_PORT: String(httpPort),
    POSTA_WHATSAPP_SENDERS: "106540352242922",
    POSTA_WHATSAPP_URL: api.url,
    POSTA_WHATSAPP_TOKEN: api.token,
    POSTA_WHATSAPP_RATE: "0",
    POSTA_WHATSAPP_APP_SECRET: secret,
  };
  const posta = await startServer(inject("redisUrl"), env);
  releases.push(() => posta.stop());
  await posta.serving;
  const redisUrl = inject("redisUrl");
  const config = readConfig({ ...env, POSTA_QUEUE_REDIS_URL: redisUrl, POSTA_ANALYTICS_REDIS_URL: redisUrl });
  const events = { onServing: () => {}, onUnfit: () => {} };
  const delivery = await createDelivery(config, createLog("test", "silent"), events);
  releases.push(() => delivery.stop());
  await delivery.start();
  return { api, call: (method: string, request: object) => posta.client.call(service, method, request) };
}

it("a message that is sent reaches `read`, however its statuses come, and each step is in its history once", async () => {
  const { api, call } = await setup();
  const messages = Array.from({ length: 100 }, (_, index) => ({
    to: `49151${10_000_000 + index}`,
    text: { body: `hello ${index}` },
  }));
  const { results } = await call("SendMessages", { messages });
  const ids: string[] = results.map(({ messageId }: { messageId: string }) => messageId);
  const readIds = async () => {
    const { messages: read } = await call("ListMessages", { status: "MESSAGE_STATUS_READ", pageSize: 1000 });
    return read.map(({ id }: { id: string }) => id).sort();
  };
  await expect.poll(readIds, { interval: 200 }).toEqual([...ids].sort());
  await expect.poll(() => api.webhooks.pending).toBe(0);
  for (const id of ids) {
    expect(api.ledger.of(id)).toHaveLength(1);
    const { message, history } = await call("GetMessage", { messageId: id });
    expect(message.wamid).toBe(api.ledger.of(id)[0]?.wamid);
    const steps = history.map(({ status }: { status: string }) => status);
    expect(new Set(steps).size, steps.join()).toBe(steps.length);
    expect(steps).toEqual(expect.arrayContaining(["MESSAGE_STATUS_SENT", "MESSAGE_STATUS_READ"]));
  }
});
