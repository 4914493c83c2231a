/**
 * `make replay-analytics`: sends an access log of EVENTS lines (2 million unless it is set) as events, and compares what
 * Posta answers with what awk counts in the same file. Exit status 1: they differ.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolderUntilEnd } from "./bench/children.js";
import { takePorts } from "./bench/ports.js";
import { startPosta } from "./bench/processes.js";
import { type LogPlan, writeAccessLog } from "./replay/access-log.js";
import { findDifferences } from "./replay/answers.js";
import { askAwk } from "./replay/ask-awk.js";
import { askPosta } from "./replay/ask-posta.js";
import { sendLog } from "./replay/send.js";
import { ServiceClient } from "./watch/service-client.js";
import { untilHealthy } from "./watch/target.js";

const port = await takePorts(3);
const topPages = 20;
const minuteMs = 60_000;
/** Posta takes no events that are older than an hour; sending takes a while too. */
const spanMinutes = 30;

const lines = Number(process.env.EVENTS ?? 2_000_000);
const seed = Number(process.env.SEED ?? 1);
const until = Math.floor(Date.now() / minuteMs) * minuteMs;
const plan: LogPlan = { lines, seed, from: until - spanMinutes * minuteMs, until };
const dir = makeFolderUntilEnd("posta-replay-");
const log = join(dir, "access.log");

try {
  console.log(`replay: writing an access log of ${lines.toLocaleString("en")} lines (seed ${seed})`);
  await writeAccessLog(log, plan);
  process.exitCode = await replay();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function replay(): Promise<number> {
  const posta = await startPosta(port);
  const client = new ServiceClient(`127.0.0.1:${port}`, "posta.analytics.v1.AnalyticsService", 4);
  try {
    await untilHealthy(`http://127.0.0.1:${port + 1}`); // Else a short log is asked for before the tables are there.
    const begun = performance.now();
    await sendLog(client, log, showProgress);
    const seconds = (performance.now() - begun) / 1000;
    console.log(
      `replay: stored in ${seconds.toFixed(1)} s, ${Math.round(lines / seconds).toLocaleString("en")} events/s`,
    );
    return report(await askPosta(client, plan.from, plan.until, topPages), await askAwk(log, topPages));
  } finally {
    client.close();
    await posta.stop();
  }
}

function report(posta: Awaited<ReturnType<typeof askPosta>>, awk: typeof posta): number {
  const compared = 3 + awk.byStatus.size + awk.byMinute.size + awk.topPages.length;
  const differences = findDifferences(posta, awk);
  for (const difference of differences) console.error(`replay: ${difference}`);
  if (differences.length > 0) return 1;
  console.log(
    `replay: all ${compared} answers agree: ${awk.requests} requests, ${awk.bytes} bytes, ${posta.clients} clients (awk: ${awk.clients}), ` +
      `${awk.byStatus.size} statuses, ${awk.byMinute.size} minutes, the top ${awk.topPages.length} pages`,
  );
  return 0;
}

function showProgress(sent: number): void {
  if (sent % 200_000 < 500) console.log(`replay: ${sent.toLocaleString("en")} events`);
}
