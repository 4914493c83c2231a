import { setTimeout as sleep } from "node:timers/promises";
import { readUsage } from "../watch/processes.js";
import { answerRatio, type Cost, costOf, cpuOf, judgeAnswer, judgeCpu, WorstCosts } from "./amplification.js";
import type { Tokens } from "./callers.js";
import type { Case } from "./case.js";
import type { Contract, Method } from "./contract.js";
import type { FaultBook } from "./fault-book.js";
import { countFrames, frame } from "./frames.js";
import type { HeavyCase } from "./heavy.js";
import { judgeCall, judgePage } from "./judge-call.js";
import type { Limits } from "./limits.js";
import type { Observation } from "./observation.js";
import { type Reading, readAnswer } from "./read-answer.js";
import type { SeenValues } from "./seen-values.js";
import { GrpcSender } from "./send-grpc.js";
import { HttpSender } from "./send-http.js";
import type { FuzzTarget } from "./target.js";
import { encodeField } from "./wire.js";

const connections = 8;
/** What a request leaves to be done once it is answered is counted to it. */
const afterMs = 50;

export interface RunParts {
  target: FuzzTarget;
  contract: Contract;
  tokens: Tokens;
  seen: SeenValues;
  book: FaultBook;
  limits: Limits;
}

/** Sends cases, judges what comes back, and counts. */
export class FuzzRun {
  readonly costs = { answer: new WorstCosts(answerRatio), cpu: new WorstCosts(cpuOf) };
  /** How calls ended: by target and form, then by status. */
  readonly ends = new Map<string, Map<string, number>>();
  calls = 0;
  private readonly grpc: GrpcSender;
  private readonly http: HttpSender;
  private readonly methods: ReadonlyMap<string, Method>;

  constructor(private readonly parts: RunParts) {
    const { target, contract } = parts;
    this.grpc = new GrpcSender(target.grpc, connections);
    this.http = new HttpSender({ gateway: target.http, admin: target.admin }, target.appSecret, connections);
    this.methods = new Map(contract.methods.map((method) => [method.name, method]));
  }

  /** What answers brought. */
  get seen(): SeenValues {
    return this.parts.seen;
  }

  close(): void {
    this.grpc.close();
    this.http.close();
  }

  /** Sends a case; judges its answer, and for an AddJob what was stored. */
  async run(plan: Case): Promise<Observation> {
    const observation = await this.send(plan);
    this.calls += 1;
    const method = this.methods.get(plan.target);
    const reading = method && readAnswer(observation, method, this.parts.contract);
    this.count(observation, reading);
    if (method && reading) await this.judge(observation, reading, method);
    else this.parts.book.add(judgePage(observation, this.secrets), plan);
    return observation;
  }

  /** Sends a large case while nothing else runs, and measures the CPU of the process that took most. */
  async runAlone({ plan: create, shape }: HeavyCase): Promise<void> {
    const plan = create();
    const before = this.readCpu();
    const observation = await this.run(plan);
    await sleep(afterMs);
    const used = [...this.readCpu()].map(([pid, seconds]) => seconds - (before.get(pid) ?? seconds));
    const cpuSeconds = Math.max(0, ...used);
    const method = this.methods.get(plan.target);
    const messages = method?.streamsRequests ? countFrames(plan.chunks) : 1;
    const cost: Cost = { ...costOf(observation), shape: `${shape} (${plan.caller})`, messages, cpuSeconds };
    this.addCost(cost);
    const isOpen = method?.isOpen === true;
    this.parts.book.add(judgeCpu(cost, { caller: plan.caller, isOpen }, this.parts.limits), plan);
  }

  private send(plan: Case): Promise<Observation> {
    const authorization = this.parts.tokens.headerOf(plan.caller);
    return plan.form === "grpc" ? this.grpc.send(plan, authorization) : this.http.send(plan, authorization);
  }

  private async judge(observation: Observation, reading: Reading, method: Method): Promise<void> {
    const { book, limits } = this.parts;
    const { plan } = observation;
    for (const message of reading.messages) this.seen.learn(message);
    const cost = costOf(observation);
    this.addCost(cost);
    book.add(judgeCall(observation, reading, { method, secrets: this.secrets }), plan);
    book.add(judgeAnswer(cost, method, limits), plan);
    if (plan.kept && reading.code === 0) await this.judgeKept(plan, reading);
  }

  /** An OK means that the job is there, with just these bytes. */
  private async judgeKept(plan: Case, { messages }: Reading): Promise<void> {
    const { job_id: id, jobId = id, outcome } = messages[0] as { job_id?: string; jobId?: string; outcome?: string };
    if (outcome !== "OUTCOME_ADDED") return;
    const method = this.methods.get("posta.queue.v1.QueueService/GetJob") as Method;
    const queue = "onlyowner-kept";
    const message = Buffer.concat([encodeField(1, "string", queue), encodeField(2, "string", jobId ?? "")]);
    const { kept, ...rest } = plan;
    const headers = { "content-type": "application/grpc", te: "trailers", "grpc-timeout": "5S" };
    const sent = { form: "grpc" as const, headers, path: method.path, chunks: [frame(message)] };
    const observation = await this.send({ ...rest, ...sent });
    const reading = readAnswer(observation, method, this.parts.contract);
    const { job } = (reading.messages[0] ?? {}) as { job?: { data_json: string } };
    if (job && kept?.equals(Buffer.from(job.data_json))) return;
    const text = job
      ? `GetJob shows another payload: ${job.data_json.slice(0, 80)}`
      : `GetJob ended with ${reading.code}`;
    this.parts.book.add([{ rule: "kept", text: `after an OK of AddJob ${text}` }], plan);
  }

  private get secrets(): string[] {
    return [...this.parts.tokens.secrets, this.parts.target.appSecret];
  }

  private addCost(cost: Cost): void {
    this.costs.answer.add(cost);
    if (cost.cpuSeconds !== undefined) this.costs.cpu.add(cost);
  }

  private count({ plan, end, httpStatus }: Observation, reading: Reading | undefined): void {
    const key = `${plan.target} (${plan.form})`;
    const ends = this.ends.get(key) ?? new Map<string, number>();
    this.ends.set(key, ends);
    const status = end === "answered" ? (reading?.code ?? `HTTP ${httpStatus}`) : end;
    ends.set(String(status), (ends.get(String(status)) ?? 0) + 1);
  }

  /** Of each process of Posta, in seconds. One of them answers: what the others do meanwhile is not for the request. */
  private readCpu(): Map<number, number> {
    const usage = readUsage(this.parts.target.primary).filter(({ role }) => role !== "redis" && role !== "postgres");
    return new Map(usage.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  }
}
