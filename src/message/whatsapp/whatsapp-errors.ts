/** What to do with a message that the Cloud API refused, and with the number that sends it. */
export type Verdict =
  /** The API's own trouble: the same request may do well later. */
  | "retry"
  /** More calls than are allowed: all of them should wait. */
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
  // An unknown error, an API that is down or overloaded, "something went wrong", a number that is being upgraded to more
  // messages a second, a server that is temporarily away, a number that is not ready yet: all of them pass.
  ...codes("retry", 1, 2, 131000, 131016, 131057, 133004, 133005),
  // The rate of the app, of the business account, of the number.
  ...codes("slow-down", 4, 80007, 130429),
  // Recipients blocked or reported this number: to go on sending makes it worse.
  ...codes("pause-sender", 131048),
  // It is about one recipient only: the number's other messages may go.
  ...codes("pair-limit", 131056),
  // The token is expired or withdrawn: every message would end the same, so none is used up on it.
  ...codes("stop-sender", 0, 190),
  // The account or the recipient's country is restricted, the account is locked; no message of the recipient in the last
  // 24 h; kept back for the sake of the ecosystem; the recipient wants no marketing. To try again is no help, or counts
  // against the number.
  ...codes("give-up", 368, 130497, 131031, 131047, 131049, 131050),
  // The caller's mistakes: in a parameter (33, 100, 131008, 131009), in whom it is for (131021, 131026), in a kind or a file
  // (131051 to 131053), in a template or its parameters (132...).
  ...codes("give-up", 33, 100, 131008, 131009, 131021, 131026, 131051, 131052, 131053),
  ...codes("give-up", 132000, 132001, 132005, 132007, 132012, 132015, 132016),
]);

/** Whether the table has a code: those it has are few enough to label a metric with. */
export function isListed(code: number): boolean {
  return verdicts.has(code);
}

/** Judges an error of the Cloud API by its `error.code`, and by the HTTP status if it has none, or one that is not listed. */
export function judge(code: number | undefined, httpStatus: number): Verdict {
  const verdict = code === undefined ? undefined : verdicts.get(code);
  return verdict ?? judgeStatus(httpStatus);
}

/** The Cloud API gets new codes. Of a code that is not listed the HTTP status still shows whose fault it is. */
function judgeStatus(httpStatus: number): Verdict {
  if (httpStatus === 401) return "stop-sender";
  if (httpStatus === 429) return "slow-down";
  // What stands before the API did not get the request, or not early enough.
  if (httpStatus === 408 || httpStatus === 425) return "retry";
  return httpStatus >= 400 && httpStatus < 500 ? "give-up" : "retry";
}

function codes(verdict: Verdict, ...listed: number[]): [number, Verdict][] {
  return listed.map((code) => [code, verdict]);
}
