import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { type Faults, faultSchema } from "./faults.js";
import type { Ledger } from "./ledger.js";
import type { Webhooks } from "./webhooks.js";

interface Parts {
  ledger: Ledger;
  faults: Faults;
  webhooks: Webhooks;
}

/** Body of `POST /faults`. `clear` comes first; `sender` belongs to `queue`. */
const faultsSchema = z.strictObject({
  clear: z.boolean().optional(),
  queue: z.array(faultSchema).optional(),
  sender: z.string().optional(),
  rates: z.array(z.strictObject({ fault: faultSchema, share: z.number().min(0).max(1) })).optional(),
});

/** Body of `POST /inbound`: somebody writes to a number. */
const inboundSchema = z.strictObject({ sender: z.string(), from: z.string(), text: z.string() });

const fromSchema = z.coerce.number().int().min(0);

/** What the real API does not have: reading the ledger, and steering the stand-in from another process. */
export async function control(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
  const route = `${request.method} ${pathname}`;
  const act = {
    "GET /ledger": () => parts.ledger.entries.slice(fromSchema.parse(searchParams.get("from") ?? 0)),
    "POST /faults": async () => steer(parts.faults, faultsSchema.parse(JSON.parse(await readText(request)))),
    "POST /inbound": async () => {
      const { sender, from, text } = inboundSchema.parse(JSON.parse(await readText(request)));
      return { id: parts.webhooks.receive(sender, from, text) };
    },
  }[route];
  if (!act) {
    answer(response, 404, { error: { message: "Unsupported request", type: "GraphMethodException", code: 100 } });
    return;
  }
  try {
    answer(response, 200, await act());
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    answer(response, 400, { error: { message } });
  }
}

/** The whole body; throws if it breaks off. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function steer(faults: Faults, { clear, queue, sender, rates }: z.infer<typeof faultsSchema>): object {
  if (clear) faults.clear();
  if (queue) faults.queue(queue, sender);
  if (rates) faults.setRates(rates);
  return {};
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
