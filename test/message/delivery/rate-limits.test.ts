import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { LimitKeys, Limits } from "../../../src/message/delivery/rate-limits.js";
import { useReleases } from "../../support/releases.js";
import {
  createDeliveryFixture,
  type DeliveryFixture,
  type DeliveryFixtureOptions,
  sender,
} from "../delivery-fixture.js";
import { startWhatsAppProcess } from "../whatsapp-process.js";

let fixture: DeliveryFixture;
const releases = useReleases();
afterEach(async () => {
  await fixture.stop();
});

async function open(options: DeliveryFixtureOptions = {}): Promise<DeliveryFixture> {
  fixture = await createDeliveryFixture(options);
  return fixture;
}

describe("a number's rate", () => {
  it("is not passed by two processes together", async () => {
    const api = await startWhatsAppProcess();
    releases.push(api.stop);
    const { insert, until, openProcess, sql } = await open({
      env: { POSTA_WHATSAPP_URL: api.url, POSTA_WHATSAPP_RATE: "80" },
    });
    await openProcess();
    await openProcess();
    await insert(Array.from({ length: 640 }, (_, index) => ({ to: `49151${10_000_000 + index}` })));
    await until({ accepted: 640 });
    const times = (await api.ledger()).map(({ at }) => at);
    expect(times).toHaveLength(640);
    // The stand-in counts any second, and refuses what is over 80. A request that a busy machine holds up on its way gets
    // there together with later ones: that costs another attempt. make bench-message measures what a machine of its own does.
    const refused = await sql("SELECT at, detail FROM message_events WHERE error_code = 130429");
    expect(refused.length).toBeLessThan(64);
  });

  it("is not passed by the permits of two processes, however late they ask", async () => {
    const { openProcess, prefix } = await open();
    const [perSecond, windowMicros] = [200, 1_000_000];
    const until = performance.now() + 3000;
    const sent: number[] = [];
    async function ask(): Promise<void> {
      const { queue } = await openProcess();
      const limits = new Limits(queue, new LimitKeys(prefix), { perSecond, pairIntervalMs: 0, pairBurst: 1 });
      while (performance.now() < until) {
        const { count, sentMicros } = await limits.permit(sender, 1 + Math.floor(Math.random() * 50), 0);
        for (let given = 0; given < count; given += 1) sent.push(sentMicros);
        await sleep(Math.random() * 60);
      }
    }
    await Promise.all([ask(), ask()]);
    sent.sort((a, b) => a - b);
    const windows = sent.slice(perSecond).map((at, index) => at - (sent[index] as number));
    expect(windows.length).toBeGreaterThan(perSecond);
    expect(Math.min(...windows)).toBeGreaterThan(windowMicros);
  });

  it("has again what was allowed and not used", async () => {
    const { openProcess, prefix } = await open();
    const { queue } = await openProcess();
    const rates = { perSecond: 4, pairIntervalMs: 0, pairBurst: 1 };
    const limits = new Limits(queue, new LimitKeys(prefix), rates);
    let permit = await limits.permit(sender, 1, 0);
    expect([permit.count, (await limits.permit(sender, 1, 0)).count]).toEqual([1, 0]);
    // More often than a second has permits.
    for (let round = 0; round < 6; round += 1) {
      permit = await limits.permit(sender, 1, 0, permit);
      expect(permit.count).toBe(1);
    }
  });

  it("lets nothing go that has waited for so long that others may take its process for lost", async () => {
    const { insert, openProcess, prefix, redis, sql, taken } = await open({ env: { POSTA_WHATSAPP_RATE: "80" } });
    await openProcess();
    await redis.set(new LimitKeys(prefix).paused(sender), 1, "PX", 60_000);
    await insert([{}]);
    const details = async () =>
      (await sql<{ detail: string }>("SELECT detail FROM message_events")).map((row) => row.detail);
    await expect.poll(details).toContain("there was no permit in time; nothing was sent");
    expect(taken()).toEqual([]);
  });

  it("is each number's own", async () => {
    const { insert, until, openProcess, api } = await open({
      env: { POSTA_WHATSAPP_SENDERS: `${sender},55555`, POSTA_WHATSAPP_RATE: "20" },
    });
    await openProcess();
    await insert(Array.from({ length: 80 }, (_, index) => ({ sender: index % 2 ? sender : "55555" })));
    await until({ accepted: 80 });
    // One limit for both would let 20 go in any second.
    expect(api.ledger.busiestSecond()).toBeGreaterThan(20);
    for (const number of [sender, "55555"]) expect(api.ledger.busiestSecond(number)).toBeLessThanOrEqual(20);
  });
});

describe("the pair limit", () => {
  const pair = { POSTA_WHATSAPP_PAIR_INTERVAL: "200ms", POSTA_WHATSAPP_PAIR_BURST: "10" };

  it("lets a burst pass, and puts off what is beyond it; nothing fails, and WhatsApp never has to say so", async () => {
    const { insert, until, openProcess, api, history } = await open({
      env: pair,
      api: { limits: { pairBurst: 10, pairIntervalMs: 200 } },
    });
    const { metrics } = await openProcess();
    const ids = await insert(Array.from({ length: 30 }, () => ({})));
    const others = await insert(Array.from({ length: 20 }, (_, index) => ({ to: `49151${10_000_000 + index}` })));
    await expect.poll(() => api.ledger.entries.length, { interval: 10 }).toBeGreaterThan(29);
    const begun = api.ledger.entries[0]?.at ?? 0;
    expect((api.ledger.entries[29]?.at ?? 0) - begun).toBeLessThan(3000); // At one message an interval it would be 4 s.
    await until({ accepted: 50 });
    const times = api.ledger.entries.filter(({ bizId }) => ids.includes(bizId as string)).map(({ at }) => at - begun);
    expect(times).toHaveLength(30);
    for (const [index, at] of times.entries()) expect(at).toBeGreaterThan((index - 9) * 200);
    // Its turn was kept for each: they came back once, at the right time. From a second turn on it would be 8 s.
    expect(times.at(-1)).toBeLessThan(20 * 200 * 1.01 + 3000);
    for (const id of [...ids, ...others]) expect(await history(id)).toEqual(["queued", "sending", "accepted"]);
    // Of the burst, too, a process that is fast puts the last one off, by the tenth of an interval that is kept as a margin.
    expect(await metrics.metrics()).toMatch(/^posta_message_pair_delays_total ([1-9]|1\d|2[01])$/m);
  });

  it("holds over processes", async () => {
    const { insert, until, openProcess, changes } = await open({
      env: pair,
      api: { limits: { pairBurst: 10, pairIntervalMs: 200 } },
    });
    await openProcess();
    await openProcess();
    await insert(Array.from({ length: 30 }, () => ({})));
    await until({ accepted: 30 });
    expect(changes.filter(({ status }) => status === "sending")).toHaveLength(30);
  });
});
