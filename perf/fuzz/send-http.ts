import { createHmac } from "node:crypto";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "./case.js";
import { Body, headerBytes, type Observation, toTexts } from "./observation.js";
import { marginMs } from "./send-grpc.js";

/** How long callers who go away, or do not read, stay, in milliseconds. */
const patienceMs = 300;

/** Sends requests over HTTP/1.1, to the gateway, the webhook and the admin port. */
export class HttpSender {
  private readonly agent: Agent;

  constructor(
    private readonly bases: { gateway: string; admin: string },
    private readonly appSecret: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Never rejects. */
  async send(plan: Case, authorization: string | undefined): Promise<Observation> {
    const observation = await exchange(plan, this.open(plan, authorization, plan.ownConnection));
    // The server closed an idle connection at the moment at which it was used again: HTTP/1.1 cannot tell that from a failure.
    const isRace = observation.end === "cut" && observation.reason.endsWith("ECONNRESET") && !plan.ownConnection;
    return isRace ? exchange(plan, this.open(plan, authorization, true)) : observation;
  }

  close(): void {
    this.agent.destroy();
  }

  private open(plan: Case, authorization: string | undefined, ownConnection: boolean): () => ClientRequest {
    const { hostname, port } = new URL(plan.form === "admin" ? this.bases.admin : this.bases.gateway);
    const token = authorization === undefined ? {} : { authorization };
    const headers = { ...token, ...plan.headers, ...this.sign(plan) };
    const agent = ownConnection ? false : this.agent;
    return () => request({ hostname, port, path: plan.path, method: plan.verb, headers, agent });
  }

  private sign({ signature, chunks }: Case): Record<string, string> {
    if (signature === undefined) return {};
    const secret = signature === "right" ? this.appSecret : "another";
    const digest = createHmac("sha256", secret).update(Buffer.concat(chunks)).digest("hex");
    return { "x-hub-signature-256": `sha256=${digest}` };
  }
}

function exchange(plan: Case, open: () => ClientRequest): Promise<Observation> {
  const begun = performance.now();
  const body = new Body();
  let response: IncomingMessage | undefined;
  let sent: ClientRequest | undefined;
  return new Promise((resolve) => {
    const settle = (end: Observation["end"], reason = "") => {
      clearTimeout(timer);
      const headers = toTexts(response?.headers);
      const elapsedMs = performance.now() - begun;
      const found = { httpStatus: response?.statusCode, headers, body: body.kept };
      resolve({ plan, end, ...found, answerBytes: body.bytes + headerBytes(headers), elapsedMs, reason });
    };
    const timer = setTimeout(() => {
      settle("silent");
      sent?.destroy();
    }, plan.deadlineMs + marginMs);
    try {
      sent = open();
    } catch (error) {
      settle("unsent", (error as Error).message);
      return;
    }
    sent.on("response", (found) => {
      response = found;
      if (plan.ending === "deaf") return;
      found.on("data", (chunk: Buffer) => body.take(chunk));
      found.on("error", () => {}); // Followed by "close".
      found.on("close", () => settle(found.complete ? "answered" : "cut", "the body was cut"));
    });
    sent.on("error", (error) => response ?? settle("cut", error.message));
    void write(sent, plan, () => settle("left"));
  });
}

async function write(sent: ClientRequest, { chunks, ending }: Case, leave: () => void): Promise<void> {
  const [first = Buffer.alloc(0), ...rest] = chunks;
  if (ending === "end" && rest.length === 0) return void sent.end(first);
  for (const chunk of chunks) sent.write(chunk);
  if (ending === "end" || ending === "deaf") sent.end();
  else sent.flushHeaders();
  if (ending !== "cancel" && ending !== "deaf") return;
  await sleep(ending === "cancel" ? 1 : patienceMs);
  leave();
  sent.destroy();
}
