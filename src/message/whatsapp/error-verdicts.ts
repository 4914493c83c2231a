/** What to do with a message that the Cloud API refused, and with the number that sends it. */
export type Verdict =
  /** The API itself has trouble: the same request may succeed later. */
  | "retry"
  /** More calls than are allowed: all calls should wait. */
  | "slow-down"
  /** This number may send no more for now. */
  | "pause-sender"
  /** Too many messages from this number to this recipient. */
  | "pair-limit"
  /** No message of this number can be sent until somebody does something. */
  | "stop-sender"
  /** The same request would be refused again. */
  | "give-up";

const verdicts = new Map<number, Verdict>([
  // Problems that pass: an unknown error, an API that is down or overloaded, "something went wrong", a number that is
  // being upgraded to more messages a second, a server that is temporarily unavailable, a number that is not ready yet.
  ...codes("retry", 1, 2, 131000, 131016, 131057, 133004, 133005),
  // The rate limits of the app, of the business account, and of the number.
  ...codes("slow-down", 4, 80007, 130429),
  // Recipients blocked or reported this number: sending more makes it worse.
  ...codes("pause-sender", 131048),
  // The limit is about one recipient only: the number's other messages may be sent.
  ...codes("pair-limit", 131056),
  // The token has expired or was withdrawn. Every message would fail, so no message uses up an attempt.
  ...codes("stop-sender", 0, 190),
  // Another try does not help, or counts against the number. The reasons: the account or the recipient's country is
  // restricted, the account is locked, the recipient wrote nothing in the last 24 h, WhatsApp holds the message back
  // for the sake of the ecosystem, or the recipient wants no marketing.
  ...codes("give-up", 368, 130497, 131031, 131047, 131049, 131050),
  // The caller's mistakes: in a parameter (33, 100, 131008, 131009), in the recipient (131021, 131026), in the kind of
  // message or a file (131051 to 131053), in a template or its parameters (132...).
  ...codes("give-up", 33, 100, 131008, 131009, 131021, 131026, 131051, 131052, 131053),
  ...codes("give-up", 132000, 132001, 132005, 132007, 132012, 132015, 132016),
]);

/** Whether the table has a code. The table has so few codes that a metric can have them as labels. */
export function isListed(code: number): boolean {
  return verdicts.has(code);
}

/**
 * Judges an error of the Cloud API by its `error.code`. Judges by the HTTP status if the code is missing or not listed.
 */
export function judge(code: number | undefined, httpStatus: number): Verdict {
  const verdict = code === undefined ? undefined : verdicts.get(code);
  return verdict ?? judgeStatus(httpStatus);
}

/** The Cloud API gets new codes. If a code is not listed, the HTTP status still shows whose fault it is. */
function judgeStatus(httpStatus: number): Verdict {
  if (httpStatus === 401) return "stop-sender";
  if (httpStatus === 429) return "slow-down";
  // The API, or a proxy before it, got the request too late (408) or too early (425).
  if (httpStatus === 408 || httpStatus === 425) return "retry";
  return httpStatus >= 400 && httpStatus < 500 ? "give-up" : "retry";
}

function codes(verdict: Verdict, ...listed: number[]): [number, Verdict][] {
  return listed.map((code) => [code, verdict]);
}
