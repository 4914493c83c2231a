import { Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Status, type StatusChange, statuses } from "../../../src/message/record/status.js";
import type { InboundMessage } from "../../../src/message/webhook/body/webhook-message.js";
import type { OtherPart } from "../../../src/message/webhook/body/webhook-oddities.js";
import { WebhookApplier } from "../../../src/message/webhook/webhook-applier.js";
import { WebhookMetrics } from "../../../src/message/webhook/webhook-metrics.js";
import type { PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { createDatabase } from "../../support/postgres.js";
import { type Release, releaseAll } from "../../support/releases.js";
import { openMessages } from "../messages.js";
import { statusOf, undeliverable, webhookOf } from "../webhook-bodies.js";

/** In seconds since 1970. */
export const now = Math.floor(Date.now() / 1000);
export const reported = ["sent", "delivered", "read", "failed"] as const;
export type Reported = (typeof reported)[number];

/** A webhook that reports a step, each at a time of its own. */
export function step(id: string, status: Reported, wamid = `wamid.${id}`): object {
  const errors = status === "failed" ? { errors: [undeliverable] } : {};
  return webhookOf({ statuses: [statusOf({ id, wamid, status, seconds: now + reported.indexOf(status), ...errors })] });
}

export function byNumber(steps: readonly Status[]): Status[] {
  return [...steps].sort((left, right) => statuses[left] - statuses[right]);
}

/** What the appliers of a test file work on, and what they record. */
interface Appliers {
  /** The database as two processes see it. */
  stores: PostgresStore[];
  store: PostgresStore;
  changes: StatusChange[];
  inbound: InboundMessage[];
  others: OtherPart[];
  /** Creates the applier of one process. */
  create(on: PostgresStore): ReturnType<typeof createApplier>;
}

/** Opens a database for a test file. Its records begin anew with each test. */
export function useAppliers(): Appliers {
  const releases: Release[] = [];
  const appliers = { create: (on: PostgresStore) => createApplier(on, appliers) } as Appliers;
  beforeAll(async () => {
    const database = await createDatabase();
    releases.push(() => database.drop());
    appliers.stores = [await openMessages(database.url), await openMessages(database.url)];
    for (const opened of appliers.stores) releases.push(() => opened.close());
    appliers.store = appliers.stores[0] as PostgresStore;
  });
  afterAll(async () => {
    await releaseAll(releases);
  });
  beforeEach(() => {
    Object.assign(appliers, { changes: [], inbound: [], others: [] });
  });
  return appliers;
}

function createApplier(on: PostgresStore, appliers: Appliers) {
  const registry = new Registry();
  const record = {
    statuses: (changes: readonly StatusChange[]) => void appliers.changes.push(...changes),
    inbound: (messages: InboundMessage[]) => void appliers.inbound.push(...messages),
    other: (parts: readonly OtherPart[]) => void appliers.others.push(...parts),
  };
  const applier = new WebhookApplier(on, record, new WebhookMetrics(registry), createLog("test", "silent"));
  const metric = async (name: string) => (await registry.getSingleMetricAsString(name)).split("\n");
  return { applier, metric };
}
