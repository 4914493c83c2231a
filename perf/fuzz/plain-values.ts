import type protobuf from "protobufjs";
import { type Caller, ownedPrefix, ownersMark, senders, sharedPrefix } from "./callers.js";
import type { Random } from "./random.js";
import type { SeenValues } from "./seen-values.js";
import type { Scalar } from "./tree.js";

/** What values are drawn from. */
export interface Source {
  random: Random;
  seen: SeenValues;
  caller: Caller;
}

/** How a message is generated. */
export interface Taste extends Source {
  /** The share of odd values, 0 to 1. */
  wildness: number;
}

type Draw = (source: Source) => Scalar;

const recipients = ["+34600000001", "34600000002", "15550000003"];
/** Few, so that one call meets what another left. */
const suffixes = ["-a", "-b", "-worked"];

/** Values that are right, by the field's name, or by "Type.field" where others of that name want another. */
const byName: Readonly<Record<string, Draw>> = {
  queue: drawOwnName,
  source: drawOwnName,
  "Event.name": drawOwnName,
  "Series.name": drawOwnName,
  "ListRecentEventsRequest.name": drawOwnName,
  "CountUniqueRequest.name": drawOwnName,
  "ListTopValuesRequest.name": drawOwnName,
  "Template.name": () => "welcome",
  from: ({ caller }) => senders[caller === "guest" ? "guest" : "owner"],
  to: ({ random }) => random.pick(recipients),
  language: () => "en_US",
  data_json: drawPayload,
  body: drawPayload,
  page_token: (source) => (source.random.chance(0.6) ? "" : (source.seen.draw("token", source.random) ?? "")),
  next_page_token: () => "",
  job_id: drawId,
  lease_token: (source) => source.seen.draw("lease", source.random) ?? `posta:${"A".repeat(22)}:1:1`,
  worker: () => "w",
  return_value_json: drawPayload,
  message_id: drawId,
  dead_letter_ids: drawId,
  "JobOptions.id": ({ random }) => `job-${random.below(200)}`,
  "Event.id": ({ random }) => `event-${random.below(200)}`,
  idempotency_key: ({ random }) => `key-${random.below(200)}`,
  reply_to: () => "wamid.abc",
  dimension: ({ random }) => random.pick(["", "channel"]),
  "Series.value": ({ random }) => random.pick(["", "mail"]),
  key: ({ random }) => random.pick(["channel", "country"]),
  time_zone: ({ random }) => random.pick(["", "", "Europe/Madrid"]),
  link: () => "https://example.com/a.png",
  url: () => "https://example.com/",
  code: () => "USD",
  service: ({ random }) => random.pick(["", "posta.queue.v1.QueueService"]),
  list_services: () => "*",
  sequence: ({ random }) => random.below(1000),
  page_size: ({ random }) => random.pick([0, 1, 10, 100]),
  limit: ({ random }) => random.pick([0, 1, 100]),
  jitter: ({ random }) => random.pick([0, 0.5, 1]),
};

/** Right values by type, where the name says nothing. */
const byType: Readonly<Record<string, Draw>> = {
  string: ({ random }) => random.pick(["a", "b", "welcome"]),
  bytes: ({ random }) => random.bytes(3),
  bool: ({ random }) => random.chance(0.5),
  double: ({ random }) => random.below(100) / 4,
  float: ({ random }) => random.below(100) / 4,
};

/** A value that the field should take. */
export function drawPlain(field: protobuf.Field, source: Source): Scalar {
  const { resolvedType, type, name, parent } = field;
  if (resolvedType && "valuesById" in resolvedType) return drawEnum(resolvedType, source);
  const draw = byName[`${parent?.name}.${name}`] ?? byName[name] ?? byType[type];
  return draw ? draw(source) : source.random.below(10);
}

/** Of all but the one that says that there is none. */
function drawEnum({ valuesById }: protobuf.Enum, { random }: Source): number {
  return Number(random.pick(Object.keys(valuesById).filter((id) => id !== "0")));
}

/** A guest also tries the owner's. */
function drawOwnName({ random, caller }: Source): string {
  const owned = caller !== "guest" || random.chance(0.25);
  return `${owned ? ownedPrefix : sharedPrefix}${random.pick(suffixes)}`;
}

/** The owner's payloads can be told from others. */
function drawPayload({ random, caller }: Source): string {
  const mark = caller === "owner" ? ownersMark : "no mark";
  return JSON.stringify({ mark, n: random.below(1000) });
}

/** Mostly one that is there. */
function drawId({ random, seen }: Source): string {
  const id = seen.draw("id", random);
  return random.chance(0.3) || id === undefined ? `job-${random.below(200)}` : id;
}
