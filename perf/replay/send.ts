import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { ServiceClient } from "../watch/service-client.js";

const perCall = 500;
const callsInFlight = 8;
const line =
  /^(?<client>\S+) \S+ \S+ \[(?<time>[^\]]+)\] "(?<method>\S+) (?<page>\S+) [^"]*" (?<status>\d{3}) (?<bytes>\d+)$/;

/** Sends an access log as events, line by line as a shipper would; `onProgress` is told how many are stored. */
export async function sendLog(client: ServiceClient, path: string, onProgress: (sent: number) => void): Promise<void> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  const inFlight = new Set<Promise<void>>();
  let events: object[] = [];
  let sent = 0;
  const flush = () => {
    const batch = events;
    events = [];
    const stored = track(client, batch).then(() => {
      inFlight.delete(stored);
      sent += batch.length;
      onProgress(sent);
    });
    inFlight.add(stored);
  };
  for await (const text of lines) {
    events.push(toEvent(text));
    if (events.length < perCall) continue;
    flush();
    if (inFlight.size >= callsInFlight) await Promise.race(inFlight);
  }
  if (events.length > 0) flush();
  await Promise.all(inFlight);
}

async function track(client: ServiceClient, events: object[]): Promise<void> {
  const { results } = await client.call<{ results: { outcome: string }[] }>("TrackEvents", { events }, 60_000);
  const failed = results.find(({ outcome }) => outcome !== "OUTCOME_STORED");
  if (failed) throw new Error(`an event was not stored: ${JSON.stringify(failed)}`);
}

function toEvent(text: string): object {
  const fields = line.exec(text)?.groups;
  if (!fields) throw new Error(`not a line of an access log: ${text}`);
  const { client, time = "", method, page, status, bytes } = fields;
  return {
    name: "http.request",
    time: { seconds: toSeconds(time), nanos: 0 },
    subject: client,
    value: Number(bytes),
    dimensions: { method, page, status },
  };
}

/** "25/Nov/2026:16:02:07 +0000", in seconds since 1970. */
function toSeconds(time: string): number {
  return Date.parse(time.replace(/^(\d+)\/(\w+)\/(\d+):/, "$1 $2 $3 ")) / 1000;
}
