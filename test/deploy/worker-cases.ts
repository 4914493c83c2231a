import type { AlertCase } from "./alert-cases.js";
import { counter, jump, minutes, type SeriesMap, series, stepAfter } from "./series.js";

const emails = { queue: "emails" };
const growing = `0+60x${minutes}`;
const oldestDue = (values: string | number, queue = emails) =>
  series("posta_queue_oldest_due_age_seconds", queue, values);
const unworked = (values: string | number, queue = emails) => series("posta_queue_unworked_seconds", queue, values);
const active = (count: number) => series("posta_queue_jobs", { ...emails, state: "active" }, count);

/** A queue whose workers are gone for half an hour. */
const abandoned: SeriesMap = { ...oldestDue(growing), ...unworked(`0+0x119 0+60x${minutes - 119}`), ...active(0) };

/** Jobs that are leased and lost in a minute. */
const leases = (leased: number, lost: number) => ({
  ...counter("posta_work_leased_total", {}, leased),
  ...counter("posta_work_lost_total", {}, lost),
});

/** Alerts on queues that are not worked on as they should, and on workers. */
export const workerCases: AlertCase[] = [
  {
    name: "PostaOldestDueJob",
    severity: "page",
    fires: { ...oldestDue(growing), ...active(8) },
    silent: { ...oldestDue(growing), ...series("posta_queue_paused", emails, 1) },
  },
  {
    name: "PostaOldestDueJob",
    severity: "page",
    // Posta's own queues have the delivery process for a worker.
    fires: {
      ...oldestDue(growing, { queue: "posta-whatsapp-100200300" }),
      ...unworked(growing, { queue: "posta-whatsapp-100200300" }),
    },
    // PostaNoWorker tells of that.
    silent: abandoned,
  },
  {
    name: "PostaNoWorker",
    severity: "page",
    fires: abandoned,
    // Workers that are too slow: PostaOldestDueJob tells of them.
    silent: { ...oldestDue(growing), ...unworked(0), ...active(8) },
  },
  {
    name: "PostaNoWorker",
    severity: "page",
    // Other queues have workers.
    fires: { ...abandoned, ...unworked(0, { queue: "invoices" }) },
    // Workers that were replaced by new ones within five minutes, twice.
    silent: { ...oldestDue(growing), ...unworked(`0+0x139 60+60x4 0 60+60x4 0`) },
  },
  {
    name: "PostaNoWorker",
    severity: "page",
    fires: unworked(stepAfter(145, 0, 400)),
    // One of Posta's own.
    silent: unworked(growing, { queue: "posta-webhooks" }),
  },
  {
    name: "PostaLeasesLost",
    severity: "ticket",
    fires: leases(600, 9),
    // One lease in a thousand.
    silent: leases(600, 0.6),
  },
  {
    name: "PostaLeasesLost",
    severity: "ticket",
    // Workers that hold a few jobs for hours are killed.
    fires: {
      ...series("posta_work_leased_total", {}, 40),
      ...series("posta_work_lost_total", {}, stepAfter(130, 0, 40)),
    },
    // One of them, which had three.
    silent: {
      ...series("posta_work_leased_total", {}, 40),
      ...series("posta_work_lost_total", {}, stepAfter(130, 0, 3)),
    },
  },
  {
    name: "PostaLeasesLost",
    severity: "ticket",
    fires: leases(60, 1.2),
    // A bad hour that is over.
    silent: { ...leases(600, 0), ...series("posta_work_lost_total", {}, stepAfter(60, 0, 5000)) },
  },
  {
    name: "PostaWorkerStuck",
    severity: "ticket",
    fires: series("posta_work_stuck_total", {}, jump(1)),
    silent: series("posta_work_stuck_total", {}, 3),
  },
];
