import { expect, it } from "vitest";
import { readMessage, readOrder } from "../../../cluster/supervise/message-reader.js";
import type { ToChild, ToPrimary } from "../../../cluster/supervise/messages.js";
import { toBacklog } from "../../../src/health/backlog.js";

const check = { name: "queue", status: "OK", since: 1, latencyMs: 2, detail: "Jobs can be added." } as const;
const queue = {
  paused: false,
  counts: { completed: 1 },
  oldestDueAgeMs: 3000,
  completedPerSecond: 1,
  failedPerSecond: 2,
};

/** As the channel between two processes hands it over. */
const send = (message: unknown) => JSON.parse(JSON.stringify(message));

it.each<ToChild>([
  { type: "metrics" },
  { type: "metrics", packed: true },
  { type: "log-level", level: "debug" },
  { type: "withdraw" },
  { type: "facts", facts: { backlog: toBacklog([queue], 5), checks: [check] } },
])("a child reads all of what its primary sends: $type", (order) => {
  expect(readOrder(send(order))).toEqual(order);
});

it.each<ToPrimary>([
  { type: "serving", serving: true },
  { type: "health", checks: [check] },
  { type: "schema", state: { is: "ready", detail: "" } },
  { type: "unfit", message: "POSTA_HOST: is wrong" },
])("a primary reads all of what its child sends: $type", (message) => {
  expect(readMessage(send(message))).toEqual({ message, unread: [] });
});
