import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../support/posta.js";
import { useReleases } from "../support/releases.js";
import type { Fault } from "../support/whatsapp/faults.js";
import { startWhatsApp } from "../support/whatsapp-server.js";
import {
  createDeliveryFixture,
  type DeliveryFixture,
  type DeliveryFixtureOptions,
  sender,
} from "./delivery-fixture.js";

let fixture: DeliveryFixture;
const releases = useReleases();
afterEach(async () => {
  await fixture.stop();
});

async function open(options: DeliveryFixtureOptions = {}): Promise<DeliveryFixture> {
  fixture = await createDeliveryFixture(options);
  return fixture;
}

function errors(code: number, count: number): Fault[] {
  return Array.from({ length: count }, () => ({ kind: "error", code, details: "asked for" }));
}

interface DeadLetter {
  id: string;
  reason: string;
  error_code: number | null;
  content: string;
  history: string;
  kind: number;
  source: string;
}

async function deadLetter(ref: string): Promise<DeadLetter | undefined> {
  return (await fixture.sql<DeadLetter>("SELECT * FROM dead_letters WHERE ref = $1", [ref]))[0];
}

async function message(id: string) {
  const [row] = await fixture.sql<{ attempts: number; error_code: number | null; error: string | null }>(
    "SELECT attempts, error_code, error FROM messages WHERE id = $1",
    [id],
  );
  return row;
}

/** Has PostgreSQL write down for how long each message is put off. */
async function recordDelays(): Promise<() => Promise<number[]>> {
  const { sql } = fixture;
  await sql("CREATE TABLE delays (number serial, seconds float8)");
  await sql(`CREATE FUNCTION record_delay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO delays (seconds) VALUES (extract(epoch FROM NEW.due_at - now())); RETURN NULL; END $$`);
  await sql(`CREATE TRIGGER record_delay AFTER UPDATE ON outbox FOR EACH ROW WHEN (NEW.turn > OLD.turn)
    EXECUTE FUNCTION record_delay()`);
  return async () => {
    const rows = await sql<{ seconds: number }>("SELECT seconds FROM delays ORDER BY number");
    return rows.map(({ seconds }) => seconds);
  };
}

/** When the first attempt began, in milliseconds since 1970: a pause that follows it begins no earlier. */
async function firstAttempt(): Promise<number> {
  const [row] = await fixture.sql<{ at: Date }>("SELECT min(at) AS at FROM message_events WHERE status = 20");
  return Number(row?.at);
}

describe("an attempt that fails", () => {
  it("is repeated, with a history", async () => {
    const { insert, until, openProcess, api, history } = await open();
    const delays = await recordDelays();
    api.faults.queue(errors(131000, 2));
    await openProcess();
    const [id = ""] = await insert([{}]);
    await until({ accepted: 1 });
    expect(await history(id)).toEqual(["queued", "sending", "queued", "sending", "queued", "sending", "accepted"]);
    expect(await message(id)).toEqual({ attempts: 3, error_code: null, error: null });
    expect(await deadLetter(id)).toBeUndefined();
    // Full jitter: anything up to the backoff.
    const [first, second, ...others] = await delays();
    expect(others).toEqual([]);
    for (const delay of [first, second]) expect(delay).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThanOrEqual(1);
    expect(second).toBeLessThanOrEqual(2);
  });

  it("is the last one after so many", async () => {
    const { insert, until, openProcess, api, history } = await open({ env: { POSTA_MESSAGE_ATTEMPTS: "3" } });
    api.faults.queue([...errors(131016, 2), { kind: "http", status: 503 }]);
    await openProcess();
    const [id = ""] = await insert([{}]);
    await until({ failed: 1 });
    expect(await history(id)).toEqual(["queued", "sending", "queued", "sending", "queued", "sending", "failed"]);
    expect(api.ledger.entries).toEqual([]);
    const letter = await deadLetter(id);
    expect(letter).toMatchObject({ kind: 1, source: sender, reason: (await message(id))?.error });
    expect(JSON.parse(letter?.content ?? "")).toMatchObject({ biz_opaque_callback_data: id });
    const steps: { status: string; attempt: number; error_code: number | null }[] = JSON.parse(letter?.history ?? "");
    expect(steps.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual([
      ...["queued 0", "sending 1", "queued 1", "sending 2", "queued 2", "sending 3", "failed 3"],
    ]);
    expect(steps.map(({ error_code }) => error_code).slice(0, 5)).toEqual([null, null, 131016, null, 131016]);
  });

  it("is the last one at once where it would be refused again", async () => {
    const { insert, until, openProcess, api, history, changes, outbox } = await open();
    api.faults.queue(errors(131047, 1));
    await openProcess();
    const [id = "", good] = await insert([{}, {}]);
    await until({ failed: 1, accepted: 1 });
    expect(await history(id)).toEqual(["queued", "sending", "failed"]);
    expect(await deadLetter(id)).toMatchObject({ error_code: 131047, reason: expect.stringContaining("asked for") });
    expect(await message(id)).toMatchObject({ attempts: 1, error_code: 131047 });
    expect(changes.at(-1)).toMatchObject({ status: expect.stringMatching(/failed|accepted/) });
    expect(api.ledger.entries.map(({ bizId }) => bizId)).toEqual([good]);
    expect(await outbox()).toEqual([]);
  });

  it("does not count where nothing was sent, however often", async () => {
    const port = await freePort(); // It must still be free when the stand-in comes back.
    const { insert, until, openProcess, api, history } = await open({
      api: { port },
      env: { POSTA_MESSAGE_ATTEMPTS: "1" },
    });
    const [id = ""] = await insert([{}]);
    await api.stop();
    await openProcess();
    await expect.poll(() => history(id)).toContain("sending");
    await expect.poll(async () => (await history(id)).length).toBeGreaterThan(4);
    const again = await startWhatsApp({ port });
    releases.push(() => void again.stop());
    await until({ accepted: 1 });
    expect(again.ledger.of(id)).toHaveLength(1);
  });
});

describe("an outcome that is not known", () => {
  it.each<Fault>([{ kind: "no-answer" }, { kind: "reset-taken" }, { kind: "half-answer" }])(
    "ends the message, where it may be sent once only: $kind",
    async (fault) => {
      const { insert, until, openProcess, api, history } = await open({ env: { POSTA_WHATSAPP_TIMEOUT: "5s" } });
      api.faults.queue([fault]);
      const { metrics } = await openProcess();
      const [id = ""] = await insert([{}]);
      await until({ unknown: 1 });
      expect(await history(id)).toEqual(["queued", "sending", "unknown"]);
      expect(api.ledger.of(id)).toHaveLength(1);
      expect(await deadLetter(id)).toMatchObject({ error_code: null, reason: (await message(id))?.error });
      expect(await metrics.metrics()).toContain("posta_message_unknown_total 1");
    },
  );

  it("is followed by another attempt, where its policy says so", async () => {
    const { insert, until, openProcess, api, history } = await open();
    api.faults.queue([{ kind: "reset-taken" }]);
    await openProcess();
    const [id = ""] = await insert([{ resend: true }]);
    await until({ accepted: 1 });
    expect(api.ledger.of(id)).toHaveLength(2);
    expect(await history(id)).toEqual(["queued", "sending", "queued", "sending", "accepted"]);
  });

  it("ends it all the same when its attempts are used up", async () => {
    const { insert, until, openProcess, api } = await open({ env: { POSTA_MESSAGE_ATTEMPTS: "2" } });
    api.faults.queue([{ kind: "reset-taken" }, { kind: "reset-taken" }]);
    await openProcess();
    await insert([{ resend: true }]);
    await until({ unknown: 1 });
  });
});

describe("a limit of WhatsApp's", () => {
  const once = { env: { POSTA_MESSAGE_ATTEMPTS: "1" } };

  it("on the number's rate (130429) holds it back, and uses up no attempt", async () => {
    const { insert, until, openProcess, api } = await open({ env: { ...once.env, POSTA_WHATSAPP_RATE: "1000" } });
    await openProcess();
    api.faults.queue(errors(130429, 1));
    const [id = ""] = await insert([{}]);
    await expect.poll(() => message(id)).toMatchObject({ attempts: 1, error_code: 130429 });
    await insert([{}]);
    await until({ accepted: 2 });
    expect(Math.min(...api.ledger.entries.map(({ at }) => at)) - (await firstAttempt())).toBeGreaterThan(950);
    expect(await message(id)).toMatchObject({ attempts: 2 });
  });

  it("on the recipient (131056) puts the message off, longer each time, and no other", async () => {
    const { insert, until, openProcess, api, sql } = await open(once);
    const delays = await recordDelays();
    api.faults.queue(errors(131056, 3));
    await openProcess();
    const [id = ""] = await insert([{}]);
    for (const times of [1, 2]) {
      await expect.poll(delays).toHaveLength(times);
      await sql("UPDATE outbox SET due_at = now() - interval '1 s' WHERE message_id = $1", [id]);
    }
    await expect.poll(delays).toEqual([4, 16, 64].map((seconds) => expect.closeTo(seconds, 2)));
    await insert([{ to: "4915100000000" }]);
    await until({ accepted: 1, queued: 1 });
    expect(await message(id)).toMatchObject({ attempts: 3, error_code: 131056 });
  });

  it("on the number's quality (131048) stops it for a while, and loses nothing", async () => {
    const { insert, until, openProcess, api, changes } = await open(once);
    const { metrics } = await openProcess();
    api.faults.queue(errors(131048, 1));
    await insert(Array.from({ length: 1 }, () => ({})));
    const state = async () => (await metrics.metrics()).match(/^posta_whatsapp_\w+\{sender.*/gm);
    await expect.poll(state).toContain(`posta_whatsapp_breaker_state{sender="${sender}"} 2`);
    expect(await state()).toContain(`posta_whatsapp_sender_stopped{sender="${sender}",code="131048"} 1`);
    await insert(Array.from({ length: 20 }, () => ({})));
    await until({ accepted: 21 });
    expect((api.ledger.entries[0]?.at ?? 0) - (await firstAttempt())).toBeGreaterThan(950);
    expect(changes.filter(({ status }) => status === "queued")).toHaveLength(1);
    await expect.poll(state).toContain(`posta_whatsapp_breaker_state{sender="${sender}"} 0`);
    expect(await state()).toContain(`posta_whatsapp_sender_stopped{sender="${sender}",code="131048"} 0`);
  });

  it("on the token (190) stops the number until there is another", async () => {
    const dir = mkdtempSync(join(tmpdir(), "posta-token-"));
    releases.push(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, "token");
    writeFileSync(file, "old");
    const { insert, until, openProcess, api, count } = await open({
      env: { ...once.env, POSTA_WHATSAPP_TOKEN: "", POSTA_WHATSAPP_TOKEN_FILE: file },
      times: { breaker: { failures: 5, firstMs: 1000, maxMs: 1000, stoppedMs: 600_000 } },
    });
    const { metrics } = await openProcess();
    await insert(Array.from({ length: 20 }, () => ({})));
    const state = async () => (await metrics.metrics()).match(/^posta_whatsapp_sender_stopped\{sender.*/gm);
    await expect.poll(state).toEqual([`posta_whatsapp_sender_stopped{sender="${sender}",code="190"} 1`]);
    await until({ queued: 20 });
    writeFileSync(file, api.token);
    await until({ accepted: 20 });
    expect(await count()).toEqual({ accepted: 20 });
  });
});

describe("the breaker", () => {
  it("opens when the API fails, rests the number, and closes when a trial does well", async () => {
    const { insert, until, openProcess, api, sql } = await open({ env: { POSTA_MESSAGE_CONCURRENCY: "5" } });
    api.faults.setRates([{ fault: { kind: "http", status: 503 }, share: 1 }]);
    const { metrics } = await openProcess();
    await insert(Array.from({ length: 100 }, () => ({})));
    const state = async () => /^posta_whatsapp_breaker_state\{.*\} (\d)/m.exec(await metrics.metrics())?.[1];
    await expect.poll(state, { interval: 10 }).toBe("2");
    const attempts = async () => (await sql<{ sum: number }>("SELECT sum(attempts)::int AS sum FROM messages"))[0]?.sum;
    // Those that were under way, and one a trial.
    await expect.poll(state, { interval: 10 }).toBe("1");
    await expect.poll(state, { interval: 10 }).toBe("2");
    expect(await attempts()).toBeLessThan(20);
    api.faults.clear();
    await until({ accepted: 100 });
    expect(await state()).toBe("0");
  });
});
