import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServiceError, status } from "@grpc/grpc-js";
import type { Plan } from "./plan.js";
import { senders, type World } from "./world.js";

const service = "posta.message.v1.MessageService";
const callers = 8;
/** So few that the pair limit puts some of them off. */
const recipients = 30;
/** How often dead letters are redriven, in milliseconds. */
const redriveEveryMs = 500;

/** A message that was acknowledged. */
export interface Sent {
  messageId: string;
  /** It may arrive twice. */
  atLeastOnce: boolean;
  /** CancelMessage was answered with an OK. */
  cancelled: boolean;
}

/** Sends messages, each again and again under its key until it is acknowledged, and cancels some. */
export function startLoad({ client }: World, { random }: Plan) {
  const sent: Sent[] = [];
  let ended = false;
  let notify: () => void = () => {};

  /** undefined: it failed, and may be tried again. */
  async function call<Answer = { deadLetters: { id: string }[] }>(method: string, request: object) {
    const answer = await client.call(service, method, request, { deadlineMs: 5000 }).catch(requireRetryable);
    return answer as Answer | undefined;
  }

  async function insist(method: string, request: object): Promise<{ messageId: string }> {
    for (;;) {
      const answer = await call<{ messageId: string }>(method, request);
      if (answer) return answer;
      await sleep(30);
    }
  }

  function draw() {
    const atLeastOnce = random() < 0.3;
    const now = Date.now();
    const sendAt = random() < 0.15 ? now + random() * 3000 : now;
    const expires = random() < 0.1 ? toTime(sendAt + 1000 + random() * 1000) : undefined;
    return {
      atLeastOnce,
      cancels: random() < 0.1,
      message: {
        to: `346000000${String(Math.floor(random() * recipients)).padStart(2, "0")}`,
        from: senders[random() < 0.5 ? 0 : 1],
        idempotencyKey: randomUUID(),
        text: { body: "hello" },
        sendTime: toTime(sendAt),
        ...(expires ? { expireTime: expires } : {}),
        policy: atLeastOnce ? "DELIVERY_POLICY_AT_LEAST_ONCE" : "DELIVERY_POLICY_AT_MOST_ONCE",
      },
    };
  }

  async function run(): Promise<void> {
    while (!ended) {
      const { message, atLeastOnce, cancels } = draw();
      const { messageId } = await insist("SendMessage", { message });
      const cancelled =
        cancels &&
        (await client.call(service, "CancelMessage", { messageId }).then(
          () => true,
          () => false,
        ));
      sent.push({ messageId, atLeastOnce, cancelled });
      notify();
      await sleep(random() * 40);
    }
  }

  /** Half of what was given up is to be sent after all; while it is, WhatsApp still tells of the request before. */
  async function redrive(): Promise<void> {
    while (!ended) {
      await sleep(redriveEveryMs);
      const list = { kind: "DEAD_LETTER_KIND_MESSAGE", pageSize: 20 };
      const { deadLetters } = (await call("ListDeadLetters", list)) ?? { deadLetters: [] };
      const ids = deadLetters.map(({ id }) => id).filter(() => random() < 0.5);
      if (ids.length > 0) await call("RedriveMessages", { deadLetterIds: ids });
    }
  }
  const running = [...Array.from({ length: callers }, run), redrive()];

  return {
    sent,
    async more(count: number): Promise<void> {
      const wanted = sent.length + count;
      while (sent.length < wanted) {
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
    async end(): Promise<void> {
      ended = true;
      await Promise.all(running);
    },
  };
}

/** What no repetition would mend is a defect. */
function requireRetryable(error: ServiceError): undefined {
  if (error.code === status.INVALID_ARGUMENT || error.code === status.INTERNAL) throw error;
}

function toTime(ms: number) {
  return { seconds: Math.floor(ms / 1000), nanos: Math.floor(ms % 1000) * 1e6 };
}
