import type { Case } from "./case.js";
import { damageJson } from "./damage.js";
import { drawJson, drawText, hostileNames } from "./odd-values.js";
import type { Random } from "./random.js";

interface Page {
  seed: number;
  number: number;
  random: Random;
  deadlineMs: number;
}

const webhook = "/webhooks/whatsapp";
const adminPaths = ["/", "/livez", "/readyz", "/healthz", "/status", "/metrics", "/log-level", "/queues", "/nothing"];

/** A request to WhatsApp's webhook: what it would send, and what somebody else might. */
export function planWebhook(page: Page): Case {
  const { random } = page;
  const base = startPage(page, "webhook", webhook);
  if (random.chance(0.1)) return { ...base, ...confirmation(random) };
  const body = Buffer.from(JSON.stringify(drawNotification(random)));
  const sent = random.chance(0.3) ? toBytes(random.chance(0.5) ? damageJson(body, random) : drawJson(random)) : body;
  const signature = random.pick(["right", "right", "right", "wrong", undefined] as const);
  const headers = { "content-type": "application/json" };
  return { ...base, verb: "POST", headers, chunks: [sent], ...(signature && { signature }) };
}

function confirmation(random: Random): Partial<Case> {
  const query = new URLSearchParams({
    "hub.mode": random.pick(["subscribe", "", "x"]),
    "hub.verify_token": random.pick(["", "x", "__proto__"]),
    "hub.challenge": random.pick(hostileNames),
  });
  return { verb: "GET", path: `${webhook}?${query}` };
}

/** Statuses and messages in the form that WhatsApp gives them, with values that it does not. */
function drawNotification(random: Random): object {
  const text = () => (random.chance(0.7) ? "wamid.abc" : String(drawText(random)));
  const time = () =>
    random.pick<unknown>([String(Math.floor(Date.now() / 1000)), "0", "-1", "x", 5, null, "9".repeat(30)]);
  const status = () => ({
    id: text(),
    status: random.pick<unknown>(["sent", "delivered", "read", "failed", "deleted", "", 5, null]),
    timestamp: time(),
    recipient_id: text(),
    biz_opaque_callback_data: text(),
    ...(random.chance(0.3)
      ? { errors: random.pick<unknown>([[], {}, null, [{ code: "x" }], [{ code: 131026 }], [null]]) }
      : {}),
  });
  const message = () => ({
    id: text(),
    from: text(),
    timestamp: time(),
    type: random.pick(["text", "image", "", "x"]),
    text: { body: text() },
  });
  const many = (make: () => object) => Array.from({ length: random.pick([0, 1, 3, 50]) }, make);
  const value = {
    messaging_product: "whatsapp",
    metadata: random.pick<unknown>([{ phone_number_id: "100000000000001" }, { phone_number_id: 1 }, {}, null]),
    statuses: random.chance(0.8) ? many(status) : random.pick<unknown>([null, {}, "x"]),
    messages: random.chance(0.8) ? many(message) : random.pick<unknown>([null, {}, "x"]),
  };
  return { object: "whatsapp_business_account", entry: [{ id: "1", changes: [{ field: "messages", value }] }] };
}

/** A request to the admin port, which changes nothing that later cases need. */
export function planAdmin(page: Page): Case {
  const { random } = page;
  const name = encodeURIComponent(random.pick(hostileNames));
  const queue = random.pick(["onlyowner-a", "shared-a", name]);
  const path = random.pick([
    ...adminPaths,
    `/status?format=${name}`,
    `/queues/api/queues?activeQueue=${queue}&page=${random.pick(["1", "-1", "x", "1e9", "999999"])}&jobsPerPage=${random.pick(["10", "-5", "x", "100000"])}&status=${random.pick(["latest", "failed", "x", "__proto__"])}`,
    `/queues/api/queues/${queue}/${random.pick(["job-1", name])}`,
    `/queues/api/queues/${queue}/${random.pick(["job-1", name])}/logs`,
    `/queues/api/redis/stats`,
    `/queues/static/${name}`,
    `/queues/${name}`,
    "/queues/%",
    "/%E0%A4%A",
    "//",
    "/?%",
  ]);
  const base = startPage(page, "admin", path);
  if (random.chance(0.8)) return { ...base, verb: random.pick(["GET", "GET", "GET", "HEAD", "DELETE"]) };
  const headers = { "content-type": random.pick(["application/json", "text/plain"]) };
  return { ...base, verb: random.pick(["POST", "PUT", "PATCH"]), headers, chunks: [toBytes(drawJson(random))] };
}

function startPage({ seed, number, deadlineMs }: Page, form: "webhook" | "admin", path: string): Case {
  const target = path.split("?")[0]?.split("/").slice(0, 4).join("/") as string;
  const sent = { verb: "GET", path, headers: {}, chunks: [], ending: "end" as const, deadlineMs };
  return { seed, number, form, target, caller: "nobody", ...sent, oddities: [], ownConnection: false };
}

function toBytes(text: string | Buffer): Buffer {
  return typeof text === "string" ? Buffer.from(text) : text;
}
