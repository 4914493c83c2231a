import { duration, integer, list, optional, renamed, text } from "./kinds.js";

/** WhatsApp, and how messages are sent. */
export const messagesSettings = {
  senders: list(
    "POSTA_WHATSAPP_SENDERS",
    "Numbers to send from, as phone number ids of the Cloud API, separated by commas. The first is the default.",
  ),
  whatsappUrl: text("POSTA_WHATSAPP_URL", "https://graph.facebook.com", "Address of the WhatsApp Cloud API."),
  whatsappVersion: text("POSTA_WHATSAPP_VERSION", "v26.0", "Version of the Cloud API."),
  whatsappToken: optional("POSTA_WHATSAPP_TOKEN", "Bearer token of the Cloud API."),
  whatsappTokenFile: optional(
    "POSTA_WHATSAPP_TOKEN_FILE",
    "File that holds the bearer token, instead of POSTA_WHATSAPP_TOKEN. Posta reads the file again when it changes.",
  ),
  whatsappAppSecret: optional(
    "POSTA_WHATSAPP_APP_SECRET",
    "Secret of the Meta app, which signs webhooks. Unset: webhooks are refused with 404.",
  ),
  whatsappVerifyToken: optional(
    "POSTA_WHATSAPP_VERIFY_TOKEN",
    "Verify token that you enter at Meta together with the webhook's address.",
  ),
  whatsappTimeoutMs: duration(
    "POSTA_WHATSAPP_TIMEOUT",
    "10s",
    100,
    "How long Posta waits for an answer of the Cloud API.",
  ),
  whatsappRate: integer(
    "POSTA_WHATSAPP_RATE",
    80,
    0,
    100_000,
    "Messages per second from one number, over all processes. 0: no limit.",
  ),
  whatsappPairIntervalMs: duration(
    "POSTA_WHATSAPP_PAIR_INTERVAL",
    "6s",
    0,
    "Time between messages from one number to one recipient, once the burst (POSTA_WHATSAPP_PAIR_BURST) is used up. 0s: no limit.",
  ),
  whatsappPairBurst: integer(
    "POSTA_WHATSAPP_PAIR_BURST",
    45,
    1,
    10_000,
    "Messages from one number to one recipient that may go without a pause.",
  ),
  messageAttempts: integer(
    "POSTA_MESSAGE_ATTEMPTS",
    5,
    1,
    100,
    "Attempts to send a message before it is FAILED. Only temporary errors are retried.",
  ),
  messageConcurrency: integer(
    "POSTA_MESSAGE_CONCURRENCY",
    50,
    1,
    1000,
    "Most concurrent requests to the Cloud API, for one delivery process and one number.",
  ),
  messageKeyWindowMs: duration(
    "POSTA_MESSAGE_KEY_WINDOW",
    "168h",
    60_000,
    "How long Posta remembers a message's idempotency key.",
    90 * 24 * 3_600_000,
  ),
  messageMonths: integer(
    "POSTA_MESSAGE_MONTHS",
    13,
    5,
    1200,
    "Months of messages, their history and dead letters to keep, the current month included. The minimum is 5 because a message may be sent 90 days after Posta took it.",
  ),
  maxPendingMessages: renamed(
    integer(
      "POSTA_MESSAGE_MAX_PENDING",
      20_000,
      1,
      10_000_000,
      "Unanswered messages of one server. Over this: RESOURCE_EXHAUSTED.",
    ),
    "POSTA_MAX_PENDING_MESSAGES",
  ),
};
