import { ownedPrefix, ownersMark, senders } from "./callers.js";
import type { Method } from "./contract.js";
import type { Observation } from "./observation.js";
import type { Failure, Reading } from "./read-answer.js";

/** A rule that a service broke, and how. */
export interface Fault {
  rule: string;
  text: string;
}

const [ok, unknown, invalidArgument, unimplemented, internal, dataLoss, unauthenticated] = [0, 2, 3, 12, 13, 15, 16];
/** No caller can be at fault for these. */
const faultCodes = [unknown, internal, dataLoss];
/** HTTP statuses from 500 on that answer a caller: no such method, a store is out of reach, too late, no such version. */
const allowedHttp = [501, 503, 504, 505];
/** A call that HTTP itself or a deadline refuses need not be asked for its token first. */
const beforeToken = /^(timeout|verb|path|content-type|metadata|version|length|expect|encoding|authorization-twice)/;
/** A client that sends these may be cut off without a word. */
const mayBeCut = /^(metadata|length|path|verb|authorization-twice|expect)/;

/** Errors of one answer have details up to about so many bytes. */
const detailBytes = 256 << 10;
const namedField = /^[\w.[\]]+: /;

const leaks: readonly [string, RegExp][] = [
  ["a stack trace", /\bat \S{1,100} \([^)\s]*:\d+:\d+\)|\bat (file:|\/)\S*:\d+:\d+/],
  [
    "a file's path",
    /(^|[\s"'(=:])\/(tmp|home|root|work|usr|var|etc|opt|app)\/|node_modules|\.(js|ts|lua):\d|file:\/\//,
  ],
  ["a store's address", /\b(redis|rediss|postgres|postgresql):\/\/|\.sock\b|\bE(CONNREFUSED|CONNRESET|NOENT|PIPE)\b/],
  ["a statement of a store", /\b(SELECT|INSERT INTO|UPDATE|EVALSHA|HMSET) \S+|user_script/],
];

/** What the rules of judgement know beside an answer. */
export interface Facts {
  method: Method;
  /** Texts that no answer may hold. */
  secrets: readonly string[];
}

/** Which rules an answer of a call breaks. */
export function judgeCall(observation: Observation, reading: Reading, facts: Facts): Fault[] {
  return [
    ...judgeEnd(observation),
    ...judgeCodes(observation, reading.failures),
    ...reading.problems.map((text) => ({ rule: "readable", text: `the answer ${text}` })),
    ...judgeLeaks(observation, reading, facts),
    ...judgeFields(observation, reading.failures),
    ...judgeToken(observation, reading, facts.method),
    ...judgeGrants(observation, reading, facts.method),
  ];
}

/** The same for a page that is no method of the contract. */
export function judgePage(observation: Observation, secrets: readonly string[]): Fault[] {
  const { plan, httpStatus } = observation;
  const signed = plan.form !== "webhook" || plan.verb !== "POST" || plan.signature === "right" || httpStatus !== 200;
  return [
    ...judgeEnd(observation),
    ...judgeCodes(observation, []),
    ...judgeLeaks(observation, { failures: [] }, { secrets }),
    ...(signed ? [] : [{ rule: "token", text: "a webhook that nobody signed was taken" }]),
  ];
}

function judgeEnd({ plan, end, elapsedMs, reason }: Observation): Fault[] {
  const ms = Math.round(elapsedMs);
  if (end === "silent")
    return [{ rule: "answered", text: `no answer ${ms} ms after it, with a deadline of ${plan.deadlineMs} ms` }];
  const allowed = plan.oddities.some((oddity) => mayBeCut.test(oddity));
  return end === "cut" && !allowed ? [{ rule: "answered", text: `ended without a status: ${reason}` }] : [];
}

function judgeCodes({ plan, httpStatus = 0 }: Observation, failures: readonly Failure[]): Fault[] {
  if (httpStatus >= 500 && !allowedHttp.includes(httpStatus)) {
    return [{ rule: "internal", text: `HTTP ${httpStatus}: ${failures[0]?.message ?? ""}` }];
  }
  // Connect clients take a wrong verb or type for "unknown", and by its HTTP status they know better.
  const own = httpStatus >= 400 && plan.form !== "grpc";
  const found = failures.find(({ code }) => faultCodes.includes(code) && !(own && code === unknown));
  return found ? [{ rule: "internal", text: `code ${found.code}: ${found.message}` }] : [];
}

/** In errors, and in all that is answered to callers without a token. */
function judgeLeaks(
  { headers, body, httpStatus }: Observation,
  { failures }: Pick<Reading, "failures">,
  { method, secrets }: Partial<Facts> & Pick<Facts, "secrets">,
): Fault[] {
  const errors = failures.map(({ message }) => message).join("\n");
  const page = method?.isOpen || (httpStatus ?? 0) >= 400 ? body.toString() : "";
  const shown = `${Object.values(headers).join("\n")}\n${errors}\n${page}`;
  const faults = leaks
    .filter(([, pattern]) => pattern.test(shown))
    .map(([what, pattern]) => ({ rule: "leak", text: `the answer shows ${what}: ${pattern.exec(shown)?.[0]}` }));
  const isSecret = secrets.some((secret) => shown.includes(secret) || body.includes(secret));
  return isSecret ? [...faults, { rule: "leak", text: "the answer shows a token or a secret" }] : faults;
}

/** Where the errors of an answer's items are too many for details, the later ones name their field in the text alone. */
function judgeFields({ answerBytes }: Observation, failures: readonly Failure[]): Fault[] {
  const namesField = ({ fields, message }: Failure) =>
    fields.some((field) => field !== "") || (answerBytes > detailBytes && namedField.test(message));
  const found = failures.find((failure) => failure.code === invalidArgument && !namesField(failure));
  return found ? [{ rule: "field", text: `INVALID_ARGUMENT names no field: ${found.message}` }] : [];
}

function judgeToken({ plan, end }: Observation, { code }: Reading, method: Method): Fault[] {
  if (end !== "answered" || code === undefined) return [];
  if (method.isOpen) return code === unauthenticated ? [{ rule: "token", text: "asks for a token, and must not" }] : [];
  const hasToken = (plan.caller === "owner" || plan.caller === "guest") && !plan.oddities.includes("authorization-odd");
  if (hasToken || code === unauthenticated) return [];
  if (code === ok) return [{ rule: "token", text: "a call without a valid token succeeded" }];
  if (plan.oddities.some((oddity) => beforeToken.test(oddity))) return [];
  const isStream = method.streamsRequests || method.streamsResponses;
  if (isStream && plan.form !== "grpc" && code === unimplemented) return [];
  return [{ rule: "token", text: `code ${code} and not UNAUTHENTICATED for a call without a valid token` }];
}

/** Others may be told of the owner's names only where they named them themselves: in errors, and in what is written. */
function judgeGrants({ plan, body }: Observation, { code }: Reading, method: Method): Fault[] {
  if ((plan.caller === "owner" && !method.isOpen) || code !== ok) return [];
  const foreign = [ownersMark, ...(method.isRead ? [ownedPrefix, senders.owner] : [])].find((text) =>
    body.includes(text),
  );
  return foreign === undefined
    ? []
    : [{ rule: "grants", text: `${plan.caller} was answered the owner's "${foreign}"` }];
}
