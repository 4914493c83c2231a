import { z } from "zod";
import { judge, type Verdict } from "./error-verdicts.js";

/** The outcome of a request to the Cloud API. Its texts name no token and no phone number. */
export type SendAnswer =
  | { kind: "accepted"; wamid: string }
  /** The API did not take the message. `code` is 0 if the answer has none. */
  | { kind: "refused"; verdict: Verdict; code: number; message: string }
  /** The request never reached WhatsApp: the message may be sent again. */
  | { kind: "unsent"; message: string }
  /** The request was written, and no usable answer came. WhatsApp may have taken the message, and cannot be asked. */
  | { kind: "unknown"; message: string };

/**
 * The wamid in a form that PostgreSQL can store: a text cannot have a null character, and an index cannot take a long
 * text.
 */
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

/** Reads a whole answer of the Cloud API, or of a proxy before it. */
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
 * Statuses that the API itself may answer without an error object, or that are about the message: its size, its form.
 * Posta judges the answer by these. Any other 4xx status keeps all messages from the API, not only this one.
 */
const ownFaults = [400, 401, 408, 413, 414, 422, 425, 429, 431];

/** Reads an answer that is not the Cloud API's: a proxy's page, or nothing. */
function readForeign(status: number): SendAnswer {
  const message = `HTTP ${status} without an error of the Cloud API`;
  if (isSuccess(status)) return { kind: "unknown", message: `HTTP ${status} without a message id` };
  // A gateway that got no answer knows no more than a client whose connection broke.
  if (status === 502 || status === 504) return { kind: "unknown", message };
  // The request never reached WhatsApp: the address is wrong, or a proxy lets nobody through.
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
