import { Registry } from "prom-client";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config/config.js";
import { DeadLetterRedriver } from "../../../src/dead-letter/redrive.js";
import { MessageCanceller } from "../../../src/message/accept/cancel-message.js";
import { MessageStore } from "../../../src/message/accept/store-messages.js";
import { parseMessage } from "../../../src/message/content/message.js";
import { Claims } from "../../../src/message/delivery/claim.js";
import { DeliveryMetrics } from "../../../src/message/delivery/delivery-metrics.js";
import type { Decision } from "../../../src/message/delivery/retry-rules.js";
import { Settler } from "../../../src/message/delivery/settle.js";
import { Sweep } from "../../../src/message/outbox/sweep.js";
import { MessageReader } from "../../../src/message/read/read-message.js";
import { MessageRedrive } from "../../../src/message/record/redrive-message.js";
import { type Status, statuses } from "../../../src/message/record/status.js";
import { allows, endOf, type Guard, transitions } from "../../../src/message/record/status-machine.js";
import { applyStatuses } from "../../../src/message/webhook/apply-statuses.js";
import { jobRedrive } from "../../../src/queue/spool/redrive-job.js";
import type { PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { createDatabase } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";
import { openMessages, putMessages, readMessage } from "../messages.js";
import { sender, undeliverable } from "../webhook-bodies.js";

type Event = (typeof transitions)[number]["event"];

/** A message before an event, and the request to the Cloud API that the event is about. */
interface Case {
  id: string;
  status: Status;
  claim: string;
  /** The request's wamid. */
  wamid: string;
  guards: Record<Guard, boolean>;
}

const names = Object.keys(statuses) as Status[];
const events = [...new Set(transitions.map(({ event }) => event))];
const ownWamid = "wamid.own";
const log = createLog("test", "silent");
const releases = useReleases(afterAll);
let store: PostgresStore;

beforeAll(async () => {
  const database = await createDatabase();
  releases.push(() => database.drop());
  store = await openMessages(database.url);
  releases.push(() => store.close());
});

async function sql(text: string, values: unknown[]): Promise<void> {
  await store.query({ name: "", text }, values);
}

/** What the table says: in which status a message ends. */
function expectedEnd(event: Event, { status, guards }: Case): Status {
  const transition = transitions.find(
    (one) => one.event === event && one.from.includes(status) && (one.when === undefined || guards[one.when]),
  );
  return transition?.to ?? status;
}

/** A message with a wamid, a claim, an outbox row and, where asked for, the failure of its request in the history. */
async function putCase(status: Status, wamid: string, hasFailed: boolean): Promise<Case> {
  const isOwn = wamid === ownWamid;
  const guards = { "same-request": isOwn, "other-request": !isOwn, "request-not-failed": !hasFailed };
  const [id = ""] = await putMessages(store, 1, status, ownWamid);
  const claim = uuidv7();
  await sql("UPDATE messages SET claim = $2, status_at = now() - interval '1 h' WHERE id = $1", [id, claim]);
  const failure = "INSERT INTO message_events (message_id, status, wamid) VALUES ($1, $2, $3)";
  if (hasFailed) await sql(failure, [id, statuses.failed, wamid]);
  return { id, status, claim, wamid, guards };
}

/** The parts of Posta that change messages. */
function createParts() {
  const metrics = new DeliveryMetrics(new Registry());
  const { senders } = readConfig({ POSTA_WHATSAPP_SENDERS: sender });
  const options = {
    senders: () => senders,
    maxAttempts: 5,
    lostAfterMs: 1000,
    forgottenAfterMs: 1e9,
    keyWindowMs: 1e9,
  };
  return {
    messages: new MessageStore(store, options.keyWindowMs),
    claims: new Claims(store, metrics, () => {}),
    settler: new Settler(store, metrics, () => {}, log),
    sweep: new Sweep(store, metrics, () => {}, options),
    canceller: new MessageCanceller(store, new MessageReader(store), () => {}),
    redriver: new DeadLetterRedriver(store, { message: new MessageRedrive(store, () => {}), job: jobRedrive }),
  };
}

type Parts = ReturnType<typeof createParts>;

/** Every way in which an event comes, through the real statements. */
const ways: [string, Event, (parts: Parts, one: Case) => Promise<unknown>][] = [
  ["a server stores a message with the same key", "store", storeAgain],
  ["a process claims it", "claim", ({ claims }, { id }) => claims.take(jobOf(id), uuidv7())],
  [
    "a process claims it too late",
    "expire",
    async ({ claims }, { id }) => {
      await expireNow(id);
      await claims.take(jobOf(id), uuidv7());
    },
  ],
  [
    "the sweep finds it too late",
    "expire",
    async ({ sweep }, { id }) => {
      await expireNow(id);
      await sweep.expire();
    },
  ],
  ["a caller cancels it", "cancel", ({ canceller }, { id }) => canceller.cancel(id, () => true).catch(() => {})],
  settled("accept", ({ wamid }) => ({ kind: "accepted", wamid })),
  settled("refuse", () => ({ kind: "failed", code: 131026, text: "refused" })),
  settled("lose-answer", () => ({ kind: "unknown", text: "no answer" })),
  settled("retry", () => ({
    kind: "again",
    afterMs: 0,
    usedUp: true,
    pairLimit: false,
    code: undefined,
    text: "later",
  })),
  ["its process is lost", "abandon", ({ sweep }) => sweep.settleLost()],
  [
    "its process is lost, and it may be sent again",
    "recover",
    async ({ sweep }, { id }) => {
      await sql("UPDATE messages SET resend = true WHERE id = $1", [id]);
      await sweep.settleLost();
    },
  ],
  [
    "a caller redrives it",
    "redrive",
    async ({ redriver }, { id }) => {
      const letter = uuidv7();
      const text = `INSERT INTO dead_letters (id, kind, source, ref, reason, content, history, failed_at)
        VALUES ($1, 1, $2, $3, '', '{}', '[]', now())`;
      await sql(text, [letter, sender, id]);
      await redriver.redrive([letter], () => true);
    },
  ],
  reported("sent"),
  reported("delivered"),
  reported("read"),
  reported("failed"),
];

function jobOf(id: string) {
  return { id, recipient: "4915112345678", generation: 0 };
}

function settled(event: Event, decide: (one: Case) => Decision): (typeof ways)[number] {
  const settle = ({ settler }: Parts, one: Case) => {
    return settler.settle({ id: one.id, claim: one.claim, decision: decide(one) });
  };
  return [`its attempt ends: ${event}`, event, settle];
}

function reported(status: "sent" | "delivered" | "read" | "failed"): (typeof ways)[number] {
  const error = status === "failed" ? { code: undeliverable.code, text: undeliverable.title } : undefined;
  const report = (_: Parts, { id, wamid }: Case) =>
    applyStatuses(store, [{ messageId: id, wamid, status, at: new Date(), error }]);
  return [`WhatsApp reports that it was ${status}`, `report-${status}`, report];
}

async function expireNow(id: string): Promise<void> {
  await sql("UPDATE messages SET expires_at = now() - interval '1 s' WHERE id = $1", [id]);
}

async function storeAgain({ messages }: Parts, { id }: Case): Promise<void> {
  await sql("INSERT INTO message_keys (sender, key, message_id, digest) VALUES ($1, $2::text, $2::text::uuid, '')", [
    sender,
    id,
  ]);
  const [result] = await messages.write([entryOf(uuidv7(), id)]);
  expect(result).toMatchObject({ code: "exists" });
}

function entryOf(id: string, idempotencyKey: string) {
  const content = { kind: "text", text: { body: "hello", previewUrl: false } } as const;
  const times = { sendTimeMs: undefined, expireTimeMs: undefined };
  const request = { to: "4915112345678", from: "", idempotencyKey, content, priority: 5, resend: false, replyTo: "" };
  const caller = { cancelled: false, deadline: Date.now() + 60_000, requestId: undefined };
  return { id, spec: parseMessage({ ...request, ...times }, [sender], Date.now()), caller };
}

describe("a message", () => {
  it.each(ways)("ends in the status that the table says, from every status, when %s", async (_, event, happen) => {
    const parts = createParts();
    // A failure that is in the history already is reported once.
    const failures = event === "report-failed" ? [false] : [false, true];
    const requests = [ownWamid, "wamid.other"].flatMap((wamid) => failures.map((hasFailed) => ({ wamid, hasFailed })));
    for (const { wamid, hasFailed } of requests) {
      for (const status of names) {
        const one = await putCase(status, wamid, hasFailed);
        const before = await readMessage(store, one.id);
        await happen(parts, one);
        const after = await readMessage(store, one.id);
        const what = `${event} of a message that is ${status}; ${JSON.stringify(one.guards)}`;
        const end = expectedEnd(event, one);
        expect(after.status, what).toBe(end);
        const { status_at, error, error_code } = before;
        if (end === status) expect(after, what).toMatchObject({ status_at, error, error_code });
      }
    }
  });

  it("begins where the table says", async () => {
    const id = uuidv7();
    expect(await createParts().messages.write([entryOf(id, id)])).toEqual([{ id, outcome: "stored" }]);
    expect(statuses[(await readMessage(store, id)).status]).toBe(endOf("store"));
  });
});

describe("the table", () => {
  it("has each event in the test above, and leads each event to one status", () => {
    expect([...new Set(ways.map(([, event]) => event))].sort()).toEqual([...events].sort());
    for (const event of events) {
      const ends = new Set(transitions.filter((one) => one.event === event).map(({ to }) => to));
      expect(ends.size, event).toBe(1);
    }
  });

  it("says of a pair of status and event once what follows", () => {
    const pairs = transitions.flatMap(({ from, event }) => from.map((status) => `${status} ${event}`));
    expect(pairs).toHaveLength(new Set(pairs).size);
  });

  it("can be left from every status but read, and leads to every status", () => {
    const left = new Set(transitions.flatMap(({ from }) => from));
    expect(names.filter((status) => !left.has(status))).toEqual(["read"]);
    expect(new Set(transitions.map(({ to }) => to))).toEqual(new Set(names));
  });

  it("gives no condition that leaves a guard out", () => {
    expect(allows("claim", "m.status")).toBe("(m.status = 10)");
    expect(() => allows("report-sent", "status")).toThrow("request-not-failed");
  });
});
