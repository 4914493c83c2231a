import { z } from "zod";
import { judge, type Verdict } from "./whatsapp-errors.js";

/** What became of a request to the Cloud API. Its texts name no token and no phone number. */
export type SendAnswer =
  | { kind: "accepted"; wamid: string }
  /** It was not taken. `code` is 0 if the answer has none. */
  | { kind: "refused"; verdict: Verdict; code: number; message: string }
  /** Nothing of it was written: it may be sent again. */
  | { kind: "unsent"; message: string }
  /** It was written and no whole answer came: it may have been taken, and the API cannot be asked. */
  | { kind: "unknown"; message: string };

/** As it can be kept: PostgreSQL has no place for a null character in a text, and none in an index for a long one. */
const wamid = z.string().transform((id) => id.replaceAll("\0", "").slice(0, 256));
const accepted = z.object({ messages: z.tuple([z.object({ id: wamid.pipe(z.string().min(1)) })]).rest(z.unknown()) });
const refused = z.object({
  error: z.object({
    code: z.int(),
    message: z.string().catch(""),
    error_data: z
      .object({ details: z.string().catch("") })
      .optional()
      .catch(undefined),
  }),
});

/** Reads a whole answer of the Cloud API, or of what stands before it. */
export function readAnswer(status: number, text: string): SendAnswer {
  const body = parse(text);
  const error = refused.safeParse(body).data?.error;
  if (error) {
    const { code, message, error_data: data } = error;
    const texts = [message || `error ${code}`, data?.details].filter(Boolean);
    return { kind: "refused", verdict: judge(code, status), code, message: texts.join(": ") };
  }
  const taken = accepted.safeParse(body).data;
  if (isSuccess(status) && taken) return { kind: "accepted", wamid: taken.messages[0].id };
  return readForeign(status);
}

/**
 * The API's own where it says so without an error, or the message's: its size, its form. By these it is judged; what else keeps
 * a message from the API keeps all others from it too.
 */
const ownFaults = [400, 401, 408, 413, 414, 422, 425, 429, 431];

/** What no Cloud API answers: a proxy's page, or nothing. */
function readForeign(status: number): SendAnswer {
  const message = `HTTP ${status} without an error of the Cloud API`;
  if (isSuccess(status)) return { kind: "unknown", message: `HTTP ${status} without a message id` };
  // A gateway that waited for its answer in vain knows no more than a client whose connection broke.
  if (status === 502 || status === 504) return { kind: "unknown", message };
  // WhatsApp never had it: a wrong address, or what stands between lets nobody through.
  if (status >= 400 && status < 500 && !ownFaults.includes(status)) return { kind: "unsent", message };
  return { kind: "refused", verdict: judge(undefined, status), code: 0, message };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
