/** The messages of a session, as proto-loader gives and takes them. proto/posta/queue/v1/work_session.proto explains each. */

export interface WireDuration {
  seconds: number;
  nanos: number;
}

export interface Lease {
  queue: string;
  jobId: string;
  leaseToken: string;
}

export interface WireJob {
  jobId: string;
  name: string;
  dataJson: string;
  leaseToken: string;
  attempt: number;
  attemptsFailed: number;
  maxAttempts: number;
  priority: number;
  createTime: WireDuration | null;
  progressJson: string;
  optionsJson: string;
  timesLost: number;
  requestId: string;
}

/** What became of a job. */
export type Outcome =
  | { complete: { returnValueJson: string } }
  | { fail: { message: string; stack?: string; unrecoverable?: boolean; retryDelay?: WireDuration } }
  | { release: object }
  | { postpone: { delay: WireDuration } }
  | { rateLimited: { duration: WireDuration } }
  | { cancelled: { message: string } };

/** What happens while a job is worked on. */
export type Step = { progressJson: string } | { log: string } | { dataJson: string };

type OfJob = Omit<Lease, "queue">;

export interface WorkReport {
  reportId: number;
  queue: string;
  report: OfJob & Outcome;
}

export interface WorkUpdate {
  reportId: number;
  queue: string;
  update: OfJob & Step;
}

export interface WorkHello {
  worker: string;
  version: string;
  credits: WorkCredit[];
  lease: WireDuration;
  resume: Lease[];
}

interface WorkCredit {
  queue: string;
  maxInFlight: number;
}

export type WorkRequest =
  | { hello: WorkHello }
  | { credit: WorkCredit }
  | { heartbeat: { ackSequence: number } }
  | { reports: { reports: WorkReport[] } }
  | { updates: { updates: WorkUpdate[] } }
  | { drain: object };

/** A google.rpc.Status. */
export interface WireError {
  code: number;
  message: string;
  details: { type_url: string; value: Buffer }[];
}

export interface ReportResult {
  verdict: string;
  error: WireError | null;
}

export interface WorkAck {
  reportId: number;
  result: ReportResult;
}

export interface CancelOrder {
  reason: string;
}

export type WorkResponse =
  | { message: "welcome"; welcome: { heartbeatInterval: WireDuration; lost: Lease[] } }
  | { message: "assign"; assign: { sequence: number; queue: string; jobs: WireJob[] } }
  | { message: "acks"; acks: { acks: WorkAck[] } }
  | { message: "lost"; lost: { leases: Lease[] } }
  | { message: "pong" }
  | { message: "drained" }
  | { message: "leave" }
  | { message: "cancel"; cancel: { lease: Lease; order: CancelOrder } }
  | { message: "drainOrder" };

export function toDuration(ms: number): WireDuration {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function toMs({ seconds, nanos }: WireDuration): number {
  return seconds * 1000 + nanos / 1e6;
}
