import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault, FaultRate, Faults } from "./faults.js";
import type { Ledger } from "./ledger.js";
import type { Webhooks } from "./webhooks.js";

interface Parts {
  ledger: Ledger;
  faults: Faults;
  webhooks: Webhooks;
}

/** Body of `POST /faults`. `clear` comes first; `sender` belongs to `queue`. */
interface FaultsRequest {
  clear?: boolean;
  queue?: Fault[];
  sender?: string;
  rates?: FaultRate[];
}

/** Body of `POST /inbound`: somebody writes to a number. */
interface InboundRequest {
  sender: string;
  from: string;
  text: string;
}

/** What the real API does not have: reading the ledger, and steering the stand-in from another process. */
export async function control(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
  const route = `${request.method} ${pathname}`;
  if (route === "GET /ledger") {
    answer(response, 200, parts.ledger.entries.slice(Number(searchParams.get("from") ?? 0)));
  } else if (route === "POST /faults") {
    steer(parts.faults, JSON.parse(await readText(request)) as FaultsRequest);
    answer(response, 200, {});
  } else if (route === "POST /inbound") {
    const { sender, from, text } = JSON.parse(await readText(request)) as InboundRequest;
    answer(response, 200, { id: parts.webhooks.receive(sender, from, text) });
  } else {
    answer(response, 404, { error: { message: "Unsupported request", type: "GraphMethodException", code: 100 } });
  }
}

/** The whole body; throws if it breaks off. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function steer(faults: Faults, { clear, queue, sender, rates }: FaultsRequest): void {
  if (clear) faults.clear();
  if (queue) faults.queue(queue, sender);
  if (rates) faults.setRates(rates);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
