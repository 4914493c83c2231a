import { inject, vi } from "vitest";
import { readConfig } from "../../src/config/config.js";
import { keepPartitions } from "../../src/process/retention.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { startServer } from "../support/posta.js";
import { createDatabase } from "../support/postgres.js";

export const messageService = "posta.message.v1.MessageService";
export const [sender, otherSender] = ["106540352242922", "206540352242922"] as const;

/** A server with a database of its own, and the means to look into that. */
export async function setup(env: Record<string, string> = {}) {
  const database = await createDatabase();
  const url = env.POSTA_DATABASE_URL ?? database.url;
  const postgres = openDatabase(readConfig({ POSTA_DATABASE_URL: url }), createLog("test", "silent"));
  await keepPartitions(postgres, new Date());
  const posta = await startServer(inject("redisUrl"), {
    POSTA_DATABASE_URL: url,
    POSTA_WHATSAPP_SENDERS: `${sender},${otherSender}`,
    ...env,
  });
  await posta.serving;
  const call = (method: string, request: object, options: object = {}) =>
    posta.client.call(messageService, method, request, options);
  /** Resolves when the messages are served, or no longer. */
  const untilHealth = (wanted: string) =>
    vi.waitFor(
      async () => {
        const { status } = await posta.client.call("grpc.health.v1.Health", "Check", { service: messageService });
        if (status !== wanted) throw new Error(`the messages are ${status}`);
      },
      { timeout: 30_000, interval: 20 },
    );
  await untilHealth("SERVING");
  let statements = 0;
  return {
    posta,
    call,
    untilHealth,
    /** Past Posta. */
    postgres,
    /** Runs SQL past Posta. */
    // biome-ignore lint/suspicious/noExplicitAny: tests look at rows of every table; each asserts the shape it needs.
    sql(text: string, values: unknown[] = []): Promise<any[]> {
      statements += 1;
      return postgres.query({ name: `test-${statements}`, text }, values);
    },
    send: (message: object = {}, options: object = {}) =>
      call("SendMessage", { message: { ...hello, ...message } }, options),
    async stop() {
      await posta.stop();
      await postgres.close();
      await database.drop();
    },
  };
}

export type Bundle = Awaited<ReturnType<typeof setup>>;

/** The least that a message needs. */
export const hello = { to: "+34600111222", text: { body: "hello" } };

let people = 0;
/** A number that no other test of the file uses. */
export function freshNumber(): string {
  people += 1;
  return `4915${String(people).padStart(8, "0")}`;
}

export function toTimestamp(ms: number) {
  return { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) };
}

export function toMs({ seconds, nanos }: { seconds: number; nanos: number }): number {
  return seconds * 1000 + nanos / 1e6;
}
