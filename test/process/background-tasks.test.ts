import { describe, expect, inject, it, onTestFinished } from "vitest";
import { readConfig } from "../../src/config/config.js";
import {
  listSchemaTasks,
  listStartTasks,
  type SchemaWork,
  type StartWork,
} from "../../src/process/background-tasks.js";
import { createDelivery } from "../../src/process/delivery.js";
import { createLog } from "../../src/telemetry/log/log.js";

/** All rows, of a process that sends messages with a token from a file. The rows do nothing until they run. */
const messages = { outbox: { moves: true }, token: { isFromFile: true }, load: {} };
const all = [...listStartTasks({} as StartWork), ...listSchemaTasks({ messages } as unknown as SchemaWork)];

describe("the list of background tasks", () => {
  it("names each task once, and says how often and where it runs", () => {
    const rows = all.map((task) => [task.name, task.everyMs / 1000, "leader" in task ? task.leader : "each process"]);
    expect(rows).toEqual([
      ["the database's schema", 3600, "each process"],
      ["partitions of the coming month", 3600, "each process"],
      ["beat of the delivery process", 1, "each process"],
      ["ends of the workers' leases", 1, "each process"],
      ["claim of the queues' Redis", 5, "each process"],
      ["PostgreSQL's statements", 5, "each process"],
      ["report of the host", 5, "each process"],
      ["retention of the months", 3600, "each process"],
      ["the spool's drain", 0.5, "spool"],
      ["count of the spool", 5, "spool"],
      ["retention of the spool", 5, "spool"],
      ["dead jobs", 5, "spool"],
      ["roll-up of the analytics", 15, "rollUp"],
      ["outbox", 0.5, "outbox"],
      ["sweep of the messages", 5, "outbox"],
      ["POSTA_WHATSAPP_TOKEN_FILE", 1, "each process"],
      ["load of the senders", 1, "each process"],
    ]);
  });

  it("names metrics that a delivery process has", async () => {
    const redisUrl = inject("redisUrl");
    const config = readConfig({
      POSTA_QUEUE_REDIS_URL: redisUrl,
      POSTA_ANALYTICS_REDIS_URL: redisUrl,
      POSTA_DATABASE_URL: inject("postgresUrl"),
      POSTA_WHATSAPP_SENDERS: "1234567890",
      POSTA_WHATSAPP_TOKEN: "token",
    });
    const silent = { onServing: () => {}, onUnfit: () => {} };
    const delivery = await createDelivery(config, createLog("test", "silent"), silent);
    onTestFinished(() => delivery.stop());
    const named = all.flatMap(({ metrics = [] }) => metrics);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !delivery.metrics.getSingleMetric(name))).toEqual([]);
  });
});
