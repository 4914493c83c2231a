import { duration, integer, list, optional, text } from "./kinds.js";

/** WhatsApp, and how messages are sent. */
export const messagesSettings = {
  senders: list(
    "POSTA_WHATSAPP_SENDERS",
    "The numbers that messages are sent from, comma between: the Cloud API's phone number ids. The first is the default.",
  ),
  whatsappUrl: text("POSTA_WHATSAPP_URL", "https://graph.facebook.com", "Address of the WhatsApp Cloud API."),
  whatsappVersion: text("POSTA_WHATSAPP_VERSION", "v26.0", "Version of the Cloud API."),
  whatsappToken: optional("POSTA_WHATSAPP_TOKEN", "The Cloud API's bearer token."),
  whatsappTokenFile: optional(
    "POSTA_WHATSAPP_TOKEN_FILE",
    "A file with the token instead; it is read again when it changes.",
  ),
  whatsappAppSecret: optional(
    "POSTA_WHATSAPP_APP_SECRET",
    "The app's secret, which webhooks are signed with. Without it they are refused.",
  ),
  whatsappVerifyToken: optional(
    "POSTA_WHATSAPP_VERIFY_TOKEN",
    "What the webhook's address is confirmed with, as entered in the app's settings.",
  ),
  whatsappTimeoutMs: duration("POSTA_WHATSAPP_TIMEOUT", "10s", 100, "How long the Cloud API may take for an answer."),
  whatsappRate: integer(
    "POSTA_WHATSAPP_RATE",
    80,
    0,
    100_000,
    "Messages a second from one number, over all processes. 0: no limit.",
  ),
  whatsappPairIntervalMs: duration(
    "POSTA_WHATSAPP_PAIR_INTERVAL",
    "6s",
    0,
    "Time between messages from one number to the same recipient, beyond the burst. 0s: no limit.",
  ),
  whatsappPairBurst: integer("POSTA_WHATSAPP_PAIR_BURST", 45, 1, 10_000, "How many may go to a recipient at once."),
  messageAttempts: integer(
    "POSTA_MESSAGE_ATTEMPTS",
    5,
    1,
    100,
    "How often a message is tried before it is FAILED, where trying again makes sense.",
  ),
  messageConcurrency: integer(
    "POSTA_MESSAGE_CONCURRENCY",
    50,
    1,
    1000,
    "Requests to the Cloud API at a time, of one delivery process and one number, at most.",
  ),
  messageKeyWindowMs: duration(
    "POSTA_MESSAGE_KEY_WINDOW",
    "168h",
    60_000,
    "How long a message's idempotency key is remembered.",
    90 * 24 * 3_600_000,
  ),
  messageMonths: integer(
    "POSTA_MESSAGE_MONTHS",
    13,
    5,
    1200,
    "Months that messages, their history and dead letters are kept, this one among them. Some are sent 90 days later.",
  ),
  maxPendingMessages: integer(
    "POSTA_MAX_PENDING_MESSAGES",
    20_000,
    1,
    10_000_000,
    "Unanswered messages of one server; over it, RESOURCE_EXHAUSTED.",
  ),
};
