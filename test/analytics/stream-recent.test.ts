import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf, TestClient } from "../support/client.js";
import { untilSteady } from "../support/steady.js";
import { analyticsService, type Bundle, code, readCounts, setup } from "./setup.js";

let bundle: Bundle;
let client: TestClient;
beforeAll(async () => {
  bundle = await setup({ POSTA_ANALYTICS_MAX_RECENT: "50" });
  client = new TestClient(`127.0.0.1:${bundle.posta.port}`);
});
afterAll(async () => {
  client.close();
  await bundle.stop();
});

describe("StreamEvents", () => {
  it("acknowledges each message by its sequence, with a result for each event", async () => {
    const stream = client.stream(analyticsService, "StreamEvents");
    const acks: { sequence: number; results: { outcome: string; error: object | null }[] }[] = [];
    stream.on("data", (answer: { acks: typeof acks }) => acks.push(...answer.acks));
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      stream.write({ sequence, events: [{ name: "streamed" }, sequence === 7 ? {} : { name: "streamed" }] });
    }
    stream.end();
    await once(stream, "end");
    const bySequence = new Map(acks.map(({ sequence, results }) => [sequence, results]));
    expect(bySequence.size).toBe(200);
    expect(bySequence.get(7)?.map(({ outcome }) => outcome)).toEqual(["OUTCOME_STORED", "OUTCOME_UNSPECIFIED"]);
    const counts = [...(await readCounts(bundle))].filter(([key]) => key.includes(" streamed "));
    expect(counts.reduce((sum, [, { events }]) => sum + events, 0)).toBe(399);
  });
});

describe("a message without events", () => {
  it("ends its stream: it has nothing to acknowledge", async () => {
    const stream = client.stream(analyticsService, "StreamEvents");
    stream.resume();
    stream.write({ sequence: 1 });
    const [error] = await once(stream, "error");
    expect(error).toMatchObject({ code: 3, details: "events: is required" });
  });
});

describe("StreamEvents whose client reads nothing", () => {
  it("is read no further, while others are served", async () => {
    const [messages, perMessage] = [10_000, 10];
    const events = Array.from({ length: perMessage }, () => ({ name: "pressed" }));
    const stream = client.stream(analyticsService, "StreamEvents");
    const sequences = new Set<number>();
    // grpc-js holds its connection back only once a reader has come and paused.
    stream.once("data", () => stream.pause());
    stream.on("data", ({ acks }: { acks: { sequence: number }[] }) => {
      for (const { sequence } of acks) sequences.add(sequence);
    });
    for (let sequence = 0; sequence < messages; sequence += 1) stream.write({ sequence, events });
    const counted = async () => {
      const counts = [...(await readCounts(bundle))].filter(([key]) => key.includes(" pressed "));
      return counts.reduce((sum, [, count]) => sum + count.events, 0);
    };
    const stalledAt = await untilSteady(counted);
    expect(stalledAt).toBeLessThan((messages * perMessage) / 2);
    expect(await bundle.call("TrackEvent", { event: { name: "beside" } })).toEqual({ outcome: "OUTCOME_STORED" });
    stream.end();
    stream.resume();
    await once(stream, "end");
    expect(sequences.size).toBe(messages);
    expect(await counted()).toBe(messages * perMessage);
  });
});

describe("ListRecentEvents", () => {
  const list = (request: object) => bundle.call("ListRecentEvents", request);
  const subjectsOf = ({ events }: { events: { subject: string }[] }) => events.map(({ subject }) => subject);

  it("shows the last events as they were recorded, newest first", async () => {
    const event = { name: "shown", id: "an-id", subject: "ada", value: 1.5, dimensions: { a: "b" } };
    await bundle.call("TrackEvent", { event });
    const { events, nextPageToken } = await list({ name: "shown" });
    expect(events).toEqual([{ ...event, _value: "value", time: expect.anything() }]);
    expect(Math.abs(events[0].time.seconds - Date.now() / 1000)).toBeLessThan(60);
    expect(nextPageToken).toBe("");
  });

  it("keeps the order of events with and without an id, and leaves out duplicates", async () => {
    const events = ["a", "", "b", "a", "", "c"].map((id, index) => ({ name: "ordered", id, subject: `${index}` }));
    await bundle.call("TrackEvents", { events });
    expect(subjectsOf(await list({ name: "ordered" }))).toEqual(["5", "4", "2", "1", "0"]);
    // More than are kept, in one batch.
    const many = Array.from({ length: 70 }, (_, index) => ({
      name: "ordered",
      id: index % 2 ? `m${index}` : "",
      subject: `m${index}`,
    }));
    await bundle.call("TrackEvents", { events: many });
    expect(subjectsOf(await list({ name: "ordered" }))).toEqual(
      Array.from({ length: 50 }, (_, index) => `m${69 - index}`),
    );
  });

  it("pages through those that are kept, whatever comes in meanwhile", async () => {
    const track = (from: number, count: number) =>
      bundle.call("TrackEvents", {
        events: Array.from({ length: count }, (_, index) => ({ name: "paged", subject: `s${from + index}` })),
      });
    await track(0, 70);
    const first = await list({ name: "paged", pageSize: 20 });
    expect(subjectsOf(first)).toEqual(Array.from({ length: 20 }, (_, index) => `s${69 - index}`));
    await track(70, 10);
    const second = await list({ name: "paged", pageSize: 20, pageToken: first.nextPageToken });
    expect(subjectsOf(second)).toEqual(Array.from({ length: 20 }, (_, index) => `s${49 - index}`));
    // Of the 50 that are kept the oldest have made room for the ten new ones.
    const third = await list({ name: "paged", pageSize: 20, pageToken: second.nextPageToken });
    expect(subjectsOf(third)).toEqual([]);
    expect(third.nextPageToken).toBe("");
  });

  it("is what was there when it was asked for, though what has not changed is not read again", async () => {
    for (let number = 0; number < 20; number += 1) {
      await bundle.call("TrackEvent", { event: { name: "again", subject: `s${number}` } });
      const pages = [
        await list({ name: "again" }),
        await list({ name: "again" }),
        await list({ name: "again", pageSize: 1 }),
      ];
      expect(pages[1]).toEqual(pages[0]);
      expect(pages.map((page) => subjectsOf(page)[0])).toEqual([`s${number}`, `s${number}`, `s${number}`]);
    }
    const { inspector, prefix } = bundle;
    const seesNoOther = async () => {
      await bundle.call("TrackEvent", { event: { name: "again" } });
      const had = await list({ name: "again" });
      await inspector.lset(`${prefix}:recent:again`, 0, "0"); // No event has come: it is not looked at.
      return isDeepStrictEqual(await list({ name: "again" }), had);
    };
    await expect.poll(seesNoOther).toBe(true);
    await inspector.del(`${prefix}:recent:again`, `${prefix}:recent-pushed:again`);
    expect(subjectsOf(await list({ name: "again" }))).toEqual([]);
  });

  it("is what a Redis has that came back with less, though as many were counted again", async () => {
    const track = (subject: string) => bundle.call("TrackEvent", { event: { name: "lost", subject } });
    const { inspector, prefix, untilHealth } = bundle;
    // More often than a page is kept for.
    for (let round = 0; round < 3; round += 1) {
      await track(`before-${round}`);
      await list({ name: "lost" });
      await inspector.del(`${prefix}:recent:lost`, `${prefix}:recent-pushed:lost`);
      await inspector.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await untilHealth("SERVING");
      await expect
        .poll(() => track(`after-${round}`).catch(() => undefined))
        .toMatchObject({ outcome: "OUTCOME_STORED" });
      expect(subjectsOf(await list({ name: "lost" }))).toEqual([`after-${round}`]);
      await inspector.del(`${prefix}:recent:lost`, `${prefix}:recent-pushed:lost`);
      expect(subjectsOf(await list({ name: "lost" }))).toEqual([]);
    }
  });

  it("is for a second at most what an evicted list was, where as many were counted again", async () => {
    const track = (subject: string) => bundle.call("TrackEvent", { event: { name: "evicted", subject } });
    const { inspector, prefix } = bundle;
    await track("before");
    await list({ name: "evicted" });
    await inspector.del(`${prefix}:recent:evicted`, `${prefix}:recent-pushed:evicted`);
    await track("after");
    await expect.poll(async () => subjectsOf(await list({ name: "evicted" }))).toEqual(["after"]);
  });

  it("takes only its own tokens", async () => {
    await bundle.call("TrackEvents", { events: [{ name: "mine" }, { name: "mine" }, { name: "other" }] });
    const { nextPageToken: pageToken } = await list({ name: "mine", pageSize: 1 });
    expect((await list({ name: "mine", pageSize: 1, pageToken })).events).toHaveLength(1);
    expect((await failureOf(list({ name: "other", pageToken }))).code).toBe(code.invalidArgument);
  });

  it("is empty for a name without events, and refuses what is no token, size or name", async () => {
    expect(await list({ name: "nobody" })).toEqual({ events: [], nextPageToken: "" });
    for (const request of [{ name: "n", pageToken: "x" }, { name: "n", pageSize: 1001 }, { name: "" }]) {
      expect((await failureOf(list(request))).code).toBe(code.invalidArgument);
    }
  });
});
