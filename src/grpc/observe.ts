import {
  Metadata,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerMethodDefinition,
  status,
} from "@grpc/grpc-js";
import type { CallMetrics } from "../rpc/call-metrics.js";
import { allowedMs, type Deadlines } from "../rpc/deadline.js";
import { boundRequestId, logFailedCall, newRequestId, requestIdKey } from "../rpc/failed-call.js";
import { ErrorTrailers } from "../rpc/status.js";
import type { Logger } from "../telemetry/log/log.js";

/**
 * Sees every call from its headers to its status. Counts the call, bounds its deadline, gives it a request id, and logs
 * its failure.
 *
 * The observer overrides methods of the call instead of wrapping the call in a ServerInterceptingCall. A wrapper does
 * not see the statuses with which grpc-js itself ends a call (deadline, size, decompression). A wrapper also costs more
 * on the hottest path.
 */
export function observeCalls(metrics: CallMetrics, log: Logger, deadlines: Deadlines): ServerInterceptor {
  return (method, call) => {
    new ObservedCall(method, call, metrics, log, deadlines);
    return call as ServerInterceptingCall;
  };
}

class ObservedCall {
  private readonly begun = performance.now();
  private readonly counters;
  private requestId: string | undefined;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    private readonly method: ServerMethodDefinition<unknown, unknown>,
    private readonly call: ServerInterceptingCallInterface,
    metrics: CallMetrics,
    private readonly log: Logger,
    deadlines: Deadlines,
  ) {
    this.counters = metrics.of(method);
    this.counters.started += 1;
    this.watchStart();
    this.watchStatus();
    if (!method.requestStream && !method.responseStream) this.boundDeadline(deadlines);
  }

  /** A call that ends without a status was abandoned by its client. */
  private watchStart(): void {
    const { call } = this;
    const { start } = call;
    call.start = (listener) => {
      const { onReceiveMetadata, onCancel } = listener;
      listener.onReceiveMetadata = (metadata: Metadata) => {
        const given = metadata.get(requestIdKey)[0];
        if (given !== undefined) this.echoRequestId(String(given));
        onReceiveMetadata.call(listener, metadata);
      };
      listener.onCancel = () => {
        this.finish(status.CANCELLED, "the caller went away");
        onCancel.call(listener);
      };
      start.call(call, listener);
    };
  }

  private echoRequestId(given: string): void {
    const { call } = this;
    const { sendMetadata } = call;
    this.requestId = boundRequestId(given);
    call.sendMetadata = (metadata) => {
      metadata.set(requestIdKey, this.requestId as string);
      sendMetadata.call(call, metadata);
    };
  }

  private watchStatus(): void {
    const { call } = this;
    const { sendStatus } = call;
    call.sendStatus = (ending) => {
      const { code } = ending;
      if (code !== undefined && code !== status.OK) {
        const trailers = ending.metadata ?? new Metadata();
        const error = trailers instanceof ErrorTrailers ? trailers.error : undefined;
        this.finish(code, ending.details ?? "", error?.cause);
        trailers.set(requestIdKey, this.requestId as string);
        sendStatus.call(call, { ...ending, metadata: trailers });
        return;
      }
      this.finish(status.OK, "");
      sendStatus.call(call, ending);
    };
  }

  /** Sets the server's deadline if the call has none, or if the call's deadline is too long. */
  private boundDeadline(deadlines: Deadlines): void {
    const { call } = this;
    const now = Date.now();
    const asked = Number(call.getDeadline()) - now;
    const allowed = allowedMs(asked, deadlines);
    if (allowed === asked) return;
    call.getDeadline = () => now + allowed;
    // For a deadline of more than 24 days, grpc-js's own timer overflows and would end the call immediately.
    clearTimeout((call as unknown as { deadlineTimer: NodeJS.Timeout | null }).deadlineTimer ?? undefined);
    this.deadlineTimer = setTimeout(() => {
      call.sendStatus({ code: status.DEADLINE_EXCEEDED, details: `the server's deadline of ${allowed} ms passed` });
    }, allowed);
  }

  private finish(code: status, details: string, cause?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.deadlineTimer);
    const elapsed = performance.now() - this.begun;
    this.counters.finish(code, elapsed);
    if (code !== status.OK) this.logFailure(code, details, elapsed, cause);
  }

  private logFailure(code: status, details: string, elapsed: number, cause: unknown): void {
    this.requestId ??= newRequestId();
    logFailedCall(this.log, {
      requestId: this.requestId,
      method: this.method.path,
      code: status[code],
      details,
      elapsedMs: elapsed,
      peer: this.call.getPeer(),
      cause,
    });
  }
}
