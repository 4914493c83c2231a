import type { ServerResponse } from "node:http";
import type { Taken } from "./api.js";
import { type Refusal, toAnswer } from "./errors.js";
import type { Fault } from "./faults.js";

/** Waits, but not for longer than the stand-in runs. */
export type Wait = (ms: number) => Promise<void>;

/** Answers a request, unless the fault is that it does not. */
export async function respond(
  response: ServerResponse,
  result: Taken | Refusal,
  fault: Fault | undefined,
  wait: Wait,
): Promise<void> {
  if (fault?.kind === "no-answer") return;
  if (fault?.kind === "reset-taken") return reset(response);
  const { status, body } = "code" in result ? toAnswer(result) : { status: 200, body: toAccepted(result) };
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8", "content-length": text.length });
  if (fault?.kind !== "half-answer" && fault?.kind !== "slow-body") {
    response.end(text);
    return;
  }
  const half = text.length >> 1;
  response.write(text.subarray(0, half));
  // So that the half has left before the reset.
  await wait(fault.kind === "slow-body" ? fault.ms : 20);
  if (fault.kind === "half-answer") reset(response);
  else response.end(text.subarray(half));
}

/** A page of what stands before the API: it says nothing that can be read. */
export function respondPage(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "text/html" }).end(`<html><body><h1>${status}</h1></body></html>`);
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function toAccepted({ entry, input }: Taken): object {
  return {
    messaging_product: "whatsapp",
    contacts: [{ input, wa_id: entry.to }],
    messages: [{ id: entry.wamid, ...(entry.type === "template" ? { message_status: "accepted" } : {}) }],
  };
}
