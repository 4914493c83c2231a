import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { LedgerEntry } from "./whatsapp/ledger.js";
import { startWhatsApp } from "./whatsapp-server.js";

/**
 * The stand-in for the WhatsApp Cloud API as a program, until SIGINT or SIGTERM. Standard output has the settings that make
 * a Posta use it, as NAME=value, and then an empty line; what a person should read goes to standard error.
 *
 * For benches: LATENCY= sets a fixed time for each answer, LIMITS=0, WEBHOOKS=0 and QUIET=1 leave away what they name.
 *
 * With the argument `attached` it ends when its standard input does, and only then: it belongs to a Posta that holds the
 * other end, and must outlive the Ctrl-C after which this Posta still sends what it has begun.
 */
async function main({ env, argv }: NodeJS.Process): Promise<void> {
  const over = untilOver(argv.includes("attached"));
  const settings = {
    POSTA_WHATSAPP_TOKEN: env.POSTA_WHATSAPP_TOKEN || secret(),
    POSTA_WHATSAPP_SENDERS: env.POSTA_WHATSAPP_SENDERS || "100000000000001",
    POSTA_WHATSAPP_APP_SECRET: env.POSTA_WHATSAPP_APP_SECRET || secret(),
    POSTA_WHATSAPP_VERIFY_TOKEN: env.POSTA_WHATSAPP_VERIFY_TOKEN || secret(),
  };
  const url = `${env.POSTA || "http://127.0.0.1:8080"}/webhooks/whatsapp`;
  const quiet = env.QUIET === "1";
  const server = await startWhatsApp({
    port: Number(env.PORT || 8090),
    token: settings.POSTA_WHATSAPP_TOKEN,
    version: env.POSTA_WHATSAPP_VERSION || "v26.0",
    senders: settings.POSTA_WHATSAPP_SENDERS.split(",").map((sender) => sender.trim()),
    limits: env.LIMITS === "0" ? {} : { rate: 80, pairIntervalMs: 6000 },
    latency: env.LATENCY ? Number(env.LATENCY) : { median: 50, p99: 200 },
    statuses: { sentMs: 300, deliveredMs: 800, readMs: 2000 },
    ...(env.WEBHOOKS === "0"
      ? {}
      : { webhook: { url, secret: settings.POSTA_WHATSAPP_APP_SECRET, onFailure: createComplaint(url) } }),
    ...(quiet ? {} : { onAccepted: (entry) => say(describe(entry)) }),
  });
  if (!quiet) say(`listens on ${server.url}; webhooks go to ${url}`);
  for (const [name, value] of Object.entries({ POSTA_WHATSAPP_URL: server.url, ...settings })) {
    console.log(`${name}=${value}`);
  }
  console.log();
  await over;
  await server.stop();
}

async function untilOver(isAttached: boolean): Promise<void> {
  const signals = ["SIGINT", "SIGTERM"];
  if (!isAttached) return void (await Promise.race(signals.map((signal) => once(process, signal))));
  for (const signal of [...signals, "SIGHUP"]) process.on(signal, () => {});
  await once(process.stdin.resume(), "close");
}

/** A line for a message, without the recipient's whole number. */
function describe({ sender, to, type, bizId }: LedgerEntry): string {
  return `${type} from ${sender} to ***${to.slice(-4)}, ${bizId ?? "without an id"}`;
}

/** Says what keeps webhooks from being taken, but not for each of them. */
function createComplaint(url: string): (reason: string) => void {
  let said: string | undefined;
  return (reason) => {
    if (reason !== said) say(`${url} does not take webhooks (${reason}); trying again`);
    said = reason;
  };
}

function secret(): string {
  return randomBytes(16).toString("hex");
}

function say(text: string): void {
  console.error(`whatsapp-sim: ${text}`);
}

main(process).catch((error: Error) => {
  say(error.message);
  process.exit(1);
});
