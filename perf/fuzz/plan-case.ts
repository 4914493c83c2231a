import { gzipSync } from "node:zlib";
import { type Caller, ownedPrefix } from "./callers.js";
import { type Case, type Form, startCall } from "./case.js";
import type { Method } from "./contract.js";
import { damageBytes, damageJson } from "./damage.js";
import { breakGzip, frameOddly, frameWell, getBomb } from "./frames.js";
import { generateMessage } from "./generate-message.js";
import { renderJson } from "./json.js";
import { grpcOddities, httpOddities } from "./odd-transport.js";
import { planAdmin, planWebhook } from "./plan-pages.js";
import { Random } from "./random.js";
import type { SeenValues } from "./seen-values.js";
import { lastAt, type Tree } from "./tree.js";
import { encodeTree } from "./wire.js";

const callers: Record<Caller, number> = { owner: 76, guest: 14, nobody: 6, stranger: 4 };
const forms: Record<Form, number> = { grpc: 56, json: 30, proto: 6, webhook: 4, admin: 4 };
/** Of a call that should be answered; of one that is left open. */
const [deadlineMs, shortMs] = [5000, 700];
/** Where jobs are added whose payload is read again: nothing else touches it. */
const keptQueue = `${ownedPrefix}-kept`;

/** What a case is made of. */
export interface CaseSource {
  seed: number;
  /** Which of the seed's cases. */
  number: number;
  methods: readonly Method[];
  /** Whether the webhook and the admin port are asked too. */
  withPages: boolean;
  /** What answers brought, which is used again. */
  seen: SeenValues;
}

/** A case of a seed. */
export function planCase({ seed, number, methods, withPages, seen }: CaseSource): Case {
  const random = new Random(seed, number);
  const form = random.weighted<Form>(withPages ? forms : { ...forms, webhook: 0, admin: 0 });
  const page = { seed, number, random, deadlineMs };
  if (form === "webhook") return planWebhook(page);
  if (form === "admin") return planAdmin(page);
  const method = random.pick(methods);
  const caller = random.weighted(callers);
  const wildness = random.pick([0, 0, 0.05, 0.25]);
  const keeps = method.name.endsWith("/AddJob") && caller === "owner" && random.chance(0.5);
  const generate = () => {
    const tree = generateMessage(method.request, { random, seen, caller, wildness });
    return keeps ? sendTo(keptQueue, tree) : tree;
  };
  const plan = startCall({ seed, number, form, method, caller, deadlineMs });
  const trees = method.streamsRequests ? Array.from({ length: random.below(6) }, generate) : [generate()];
  if (form === "grpc") fillGrpc(plan, trees, random);
  else fillHttp(plan, trees[0], random);
  if (keeps && plan.oddities.length === 0) markKept(plan, trees[0] as Tree);
  return plan;
}

function fillGrpc(plan: Case, trees: Tree[], random: Random): void {
  const damages = random.chance(0.12);
  const messages = trees.map(encodeTree).map((bytes) => (damages ? damageBytes(bytes, random) : bytes));
  if (damages) plan.oddities.push("bytes");
  const framed = random.chance(0.1) ? frameOddly(messages, random) : frameWell(messages, random);
  plan.chunks = framed.chunks;
  Object.assign(plan.headers, framed.headers);
  if (framed.oddity) plan.oddities.push(framed.oddity);
  if (random.chance(0.08)) addOddity(plan, grpcOddities, random);
  endOddly(plan, random, 0.05);
}

function fillHttp(plan: Case, tree: Tree | undefined, random: Random): void {
  const isJson = plan.form === "json";
  const body = tree ? (isJson ? renderJson(tree) : encodeTree(tree)) : Buffer.alloc(0);
  const damages = random.chance(0.15);
  const sent = damages ? (isJson ? damageJson : damageBytes)(body, random) : body;
  if (damages) plan.oddities.push("bytes");
  plan.chunks = [sent];
  if (random.chance(0.06)) compress(plan, sent, random);
  if (random.chance(0.1)) addOddity(plan, httpOddities, random);
  endOddly(plan, random, 0.04);
}

function compress(plan: Case, body: Buffer, random: Random): void {
  plan.headers["content-encoding"] = "gzip";
  const kind = random.pick(["gzip", "gzip-broken", "gzip-bomb"]);
  plan.chunks = [
    kind === "gzip" ? gzipSync(body) : kind === "gzip-bomb" ? getBomb() : breakGzip(gzipSync(body), random),
  ];
  plan.oddities.push(kind);
}

function addOddity(plan: Case, oddities: typeof grpcOddities, random: Random): void {
  const name = random.pick(Object.keys(oddities));
  oddities[name]?.(plan, random);
  plan.oddities.push(name);
  plan.ownConnection = true;
}

/** Some callers go away, or send no more. */
function endOddly(plan: Case, random: Random, share: number): void {
  if (!random.chance(share)) return;
  plan.ending = random.pick(["open", "cancel", "deaf"]);
  plan.ownConnection = true;
  if (plan.ending !== "open") return;
  plan.deadlineMs = shortMs;
  if (plan.form === "grpc") plan.headers["grpc-timeout"] = `${shortMs}m`;
  else plan.headers["connect-timeout-ms"] = String(shortMs);
  const last = plan.chunks.pop() ?? Buffer.alloc(0);
  plan.chunks.push(last.subarray(0, random.below(last.length + 1)));
  plan.oddities.push("half-sent");
}

function sendTo(queue: string, tree: Tree): Tree {
  for (const entry of tree.entries) if (entry.field.name === "queue") entry.value = queue;
  return tree;
}

/** Only where it is plain which job it is: one queue, one job, no id that another might have. */
function markKept(plan: Case, tree: Tree): void {
  const isPlain = tree.entries.filter(({ field }) => field.name === "job").length === 1 && plan.ending === "end";
  const options = lastAt(tree, "job", "options");
  if (!isPlain || lastAt(tree, "queue") !== keptQueue || options !== undefined) return;
  const data = lastAt(tree, "job", "data_json") ?? "";
  if (typeof data === "string") plan.kept = Buffer.from(data === "" ? "{}" : data);
  else if (Buffer.isBuffer(data)) plan.kept = data;
}
