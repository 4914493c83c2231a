import type { Group } from "./rule.js";
import { unworkedQueues } from "./workers.js";

/** Messages that came to an end. */
const ended = 'posta_message_outcomes_total{status=~"accepted|failed|unknown"}';

/** What becomes of what Posta was given: jobs, messages, events. */
export const work: Group = {
  name: "posta-work",
  rules: [
    {
      name: "PostaOldestDueJob",
      severity: "page",
      // PostaNoWorker tells of a queue that nobody works on.
      expr: [
        "max by (job, queue) (posta_queue_oldest_due_age_seconds) > 600",
        "unless on (job, queue) posta_queue_paused == 1",
        `unless on (job, queue) ${unworkedQueues}`,
      ].join("\n"),
      for: "5m",
      summary: "A job of {{ $labels.queue }} could have run {{ $value | humanizeDuration }} ago",
      description: "There are workers, and they are too slow, too few or stuck. A paused queue does not count.",
    },
    {
      name: "PostaQueueFiguresOld",
      severity: "ticket",
      expr: "time() - posta_queue_metrics_timestamp_seconds > 60",
      for: "2m",
      summary: "The queues were counted {{ $value | humanizeDuration }} ago",
      description: "What is shown of queues, and the alerts that rest on it, are as old.",
    },
    {
      name: "PostaBackgroundFiguresOld",
      severity: "ticket",
      // While PostgreSQL is away nobody can count, and PostaStoreDown says so.
      expr: [
        `(${ageOf("posta_spool_metrics_timestamp_seconds")} or ${ageOf("posta_outbox_metrics_timestamp_seconds")})`,
        'unless on (job, instance) posta_store_up{store="postgres"} == 0',
      ].join("\n"),
      for: "2m",
      summary: "The spool and the outbox were last counted {{ $value | humanizeDuration }} ago",
      description:
        "No delivery process looks after them, or it hangs: what is shown of them, and the alerts that rest on it, are as old.",
    },
    {
      name: "PostaSpoolNotDraining",
      severity: "page",
      expr: 'posta_spool_oldest_waiting_age_seconds > 120 and on (job, instance) posta_store_up{store="redis-queue"} == 1',
      for: "2m",
      summary: "A job has waited in the spool for {{ $value | humanizeDuration }}",
      description: "Redis is there again, and the spool's jobs do not get into their queues.",
    },
    {
      name: "PostaSpoolFilling",
      severity: "page",
      expr: 'posta_spool_jobs{state="waiting"} / on (job, instance) group_left posta_spool_max_jobs > 0.5',
      for: "1m",
      summary: "The spool is {{ $value | humanizePercentage }} full",
      description: "When it is full, adds are refused as long as Redis takes none.",
    },
    {
      name: "PostaOutboxNotDraining",
      severity: "page",
      // A backlog that shrinks wakes nobody, and an open breaker has its own alert.
      expr: [
        "posta_outbox_oldest_due_seconds > 120",
        // One host leads and measures the outbox, and any host sends.
        `unless on (job) sum by (job) (rate(${ended}[5m])) > 0`,
        "unless on (job) max by (job) (posta_whatsapp_breaker_state) == 2",
      ].join("\n"),
      for: "2m",
      summary: "A message has been due for {{ $value | humanizeDuration }}, and none is sent",
      description: "Messages are accepted, and do not get into the queues of their numbers.",
    },
    {
      name: "PostaMessagesStranded",
      severity: "page",
      expr: "posta_outbox_stranded_messages > 0",
      for: "5m",
      summary: "{{ $value | humanize }} messages wait for a number that no host sends from",
      description: "They were accepted, and POSTA_WHATSAPP_SENDERS of the hosts that run lacks their number.",
    },
    {
      name: "PostaBreakerOpen",
      severity: "page",
      // One that waits for a message to try with has nothing to send.
      expr: "min_over_time(posta_whatsapp_breaker_state[5m]) > 0 and max_over_time(posta_whatsapp_breaker_state[5m]) == 2",
      for: "5m",
      summary: "Nothing is sent from {{ $labels.sender }}",
      description:
        "The Cloud API failed too often, or holds the number up. Its messages wait, and are tried again by themselves.",
    },
    {
      name: "PostaSenderStopped",
      severity: "page",
      expr: "posta_whatsapp_sender_stopped == 1",
      for: "1m",
      summary: "WhatsApp refuses all that {{ $labels.sender }} sends: error {{ $labels.code }}",
      description: "That does not end by itself: a token has run out, or the number is locked.",
    },
    {
      name: "PostaUnknownOutcomes",
      severity: "ticket",
      expr: "increase(posta_message_unknown_total[15m]) > 0",
      for: "0s",
      summary: "{{ $value | humanize }} messages may or may not have been sent",
      description:
        "The request was written, and no answer came. They are not sent again, so that nobody gets one twice.",
    },
    {
      name: "PostaWebhooksRefused",
      severity: "ticket",
      expr: `${webhooks("unsigned|unavailable")} > 10 unless ${webhooks("accepted")} > ${webhooks("unsigned|unavailable")}`,
      for: "5m",
      summary: "{{ $value | humanize }} webhooks were refused, more than were taken",
      description: "Messages stay as they were accepted: what WhatsApp tells of them is unsigned, or cannot be kept.",
    },
    {
      name: "PostaAnalyticsLost",
      severity: "ticket",
      expr: "increase(posta_analytics_lost_events_total[15m]) > 0 or increase(posta_analytics_lost_own_events_total[15m]) > 0",
      for: "0s",
      summary: "{{ $value | humanize }} accepted events could not be written",
      description: "Their callers, or Posta itself, did not wait for the outcome. Counts are too low by so much.",
    },
    rollUpBehind("ticket", 6),
    rollUpBehind("page", 24),
  ],
};

/** Of figures that were ever read: how old they are, where that is too old. */
function ageOf(timestamp: string): string {
  return `time() - ${timestamp} > 60 and ${timestamp} > 0`;
}

/** How many came in that ended so. */
function webhooks(outcome: string): string {
  return `sum without (outcome) (increase(posta_webhook_requests_total{outcome=~"${outcome}"}[15m]))`;
}

/** An hour is due an hour after its end, so the watermark is two hours old at the most when all is well. */
function rollUpBehind(severity: "ticket" | "page", hours: number) {
  const watermark = "posta_analytics_rolled_until_timestamp_seconds";
  return {
    name: "PostaRollUpBehind",
    severity,
    expr: `time() - ${watermark} > ${hours * 3600} and ${watermark} != 0`,
    for: "5m",
    summary: "The history of analytics ends {{ $value | humanizeDuration }} ago",
    description: "Hours are not moved into PostgreSQL. What is not there after POSTA_ANALYTICS_HOT (48 hours) is lost.",
  };
}
