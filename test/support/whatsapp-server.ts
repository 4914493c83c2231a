import { once, setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiOptions, type Call, CloudApi } from "./whatsapp/api.js";
import { control, readText } from "./whatsapp/control.js";
import type { Refusal } from "./whatsapp/errors.js";
import { type Fault, Faults } from "./whatsapp/faults.js";
import { drawLatency, type Latency } from "./whatsapp/latency.js";
import { Ledger, type LedgerEntry } from "./whatsapp/ledger.js";
import type { LimitOptions } from "./whatsapp/limits.js";
import { createRandom } from "./whatsapp/random.js";
import { respond, respondPage } from "./whatsapp/respond.js";
import type { StatusOptions } from "./whatsapp/statuses.js";
import type { WebhookTarget } from "./whatsapp/webhook-sender.js";
import { Webhooks } from "./whatsapp/webhooks.js";

export interface WhatsAppOptions extends Partial<Omit<ApiOptions, "limits">> {
  /** 0, the default: any that is free. */
  port?: number;
  token?: string;
  /** No limits by default. */
  limits?: Partial<LimitOptions>;
  /** From the request to the answer; 0 by default. */
  latency?: Latency;
  /** Where webhooks go. Unset: there are none. */
  webhook?: WebhookTarget;
  statuses?: Partial<StatusOptions>;
  /** Of all that is random. */
  seed?: number;
  /** How long an idle connection is kept. */
  keepAliveMs?: number;
  onAccepted?: (entry: LedgerEntry) => void;
}

/** A local WhatsApp Cloud API. */
export interface WhatsAppServer {
  readonly url: string;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  /** The one that is good; another from now on, if it is set. */
  token: string;
  latency: Latency;
  /** Requests are taken, but none is answered until this is resolved. */
  gate: Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a stand-in for the Cloud API that takes what the real one takes, and keeps a ledger of it. */
export async function startWhatsApp(options: WhatsAppOptions = {}): Promise<WhatsAppServer> {
  const random = createRandom(options.seed ?? 1);
  const ledger = new Ledger();
  const faults = new Faults(random);
  const webhooks = new Webhooks(options.webhook, options.statuses ?? {}, random);
  const stopping = new AbortController();
  // Each answer that is waited for is one.
  setMaxListeners(0, stopping.signal);
  const wait = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {}); // Told to stop.
  const api = new CloudApi(toApiOptions(options), ledger, () => server.token);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = toCall(request);
    if (!call) return control(request, response, { ledger, faults, webhooks });
    const fault = faults.take(call.sender);
    if (fault?.kind === "reset-unread") return void request.socket.resetAndDestroy();
    const text = await readText(request);
    if (fault?.kind === "swallow") return;
    const isPage = fault?.kind === "http";
    const result = isPage ? undefined : api.take({ ...call, text }, toRefusal(fault));
    if (result && "entry" in result) {
      webhooks.follow(result.entry);
      options.onAccepted?.(result.entry);
    }
    await server.gate;
    const ms = drawLatency(server.latency, random);
    if (ms > 0) await wait(ms);
    if (result) await respond(response, result, fault, wait);
    else if (isPage) respondPage(response, fault.status);
  }

  const http = createServer((request, response) => {
    // A client that went away while it was read.
    serve(request, response).catch(() => request.socket.destroy());
  });
  if (options.keepAliveMs !== undefined) http.keepAliveTimeout = options.keepAliveMs;
  http.listen(options.port ?? 0, "127.0.0.1");
  await once(http, "listening");

  const server: WhatsAppServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    ledger,
    faults,
    webhooks,
    token: options.token ?? "test-token",
    latency: options.latency ?? 0,
    gate: Promise.resolve(),
    async stop() {
      stopping.abort();
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await Promise.all([closed, webhooks.stop()]);
    },
  };
  return server;
}

function toApiOptions({ version = "v26.0", senders, recipients, templates, limits }: WhatsAppOptions): ApiOptions {
  return { version, senders, recipients, templates, limits: { rate: 0, pairBurst: 45, pairIntervalMs: 0, ...limits } };
}

function toCall({ method, url = "", headers }: IncomingMessage): Omit<Call, "text"> | undefined {
  const [, version, sender] = /^\/([^/]+)\/([^/]+)\/messages$/.exec(url) ?? [];
  if (method !== "POST" || !version || !sender) return undefined;
  return { version, sender, authorization: headers.authorization };
}

function toRefusal(fault: Fault | undefined): Refusal | undefined {
  if (fault?.kind !== "error") return undefined;
  const { code, details = "A fault that was asked for", httpStatus } = fault;
  return { code, details, ...(httpStatus === undefined ? {} : { httpStatus }) };
}
