import type { Group } from "./rule.js";

/**
 * Queues with due jobs that nobody works on. Posta's own delivery process works on its own queues. Each host reads the
 * same queues, and one alert is enough.
 */
export const unworkedQueues = 'max by (job, queue) (posta_queue_unworked_seconds{queue!~"posta-.*"}) > 300';

/** Jobs in half an hour. Another Posta may run the delivery process, which counts the lost ones, so all of them are added up. */
const inHalfAnHour = (counter: string) => `sum by (job) (increase(posta_work_${counter}_total[30m]))`;

/** Whether there are workers, and what becomes of the jobs that they lease. */
export const workers: Group = {
  name: "posta-workers",
  rules: [
    {
      name: "PostaNoWorker",
      severity: "page",
      expr: unworkedQueues,
      for: "2m",
      summary: "Nobody has worked on the queue {{ $labels.queue }} for {{ $value | humanizeDuration }}",
      description: "Its jobs wait, none is active, and none is finished. Its workers are gone, or work elsewhere.",
    },
    {
      name: "PostaLeasesLost",
      severity: "ticket",
      // One worker that is killed loses what it has: a few jobs are no reason to look.
      expr: `${inHalfAnHour("lost")} > 10 and ${inHalfAnHour("lost")} > 0.01 * ${inHalfAnHour("leased")}`,
      for: "5m",
      summary: "{{ $value | humanize }} jobs lost their workers in half an hour, over 1% of those that were leased",
      description: "They run again, and perhaps twice at a time. A job that loses its worker four times fails.",
    },
    {
      name: "PostaWorkerStuck",
      severity: "ticket",
      expr: "increase(posta_work_stuck_total[30m]) > 0",
      for: "0s",
      summary: "{{ $value | humanize }} cancelled jobs did not stop: each may hold a place of a worker",
      description:
        "CancelJob asked their workers to stop. They failed without a report. The worker may still run them.",
    },
  ],
};
