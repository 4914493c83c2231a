import { setTimeout as sleep } from "node:timers/promises";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { PostaError, show } from "../errors/posta-error.js";
import type { HealthCheckRequest__Output as CheckRequest } from "../gen/grpc/health/v1/HealthCheckRequest.js";
import type { HealthCheckResponse } from "../gen/grpc/health/v1/HealthCheckResponse.js";
import type { HealthListResponse } from "../gen/grpc/health/v1/HealthListResponse.js";
import type { Adapter } from "../rpc/method.js";
import { stoppingError } from "../rpc/stream/stream-end.js";

export const healthService = "grpc.health.v1.Health";

/** Sends a watcher the current status if the watcher does not know that status yet. */
type Watcher = () => void;

/**
 * Which services accept calls, and the standard health service that reports this. Posta does not use the implementation
 * of grpc-health-check. That implementation keeps a watcher list for every name that was ever requested, and never ends
 * its watches. So a server could neither bound nor drain it.
 */
export class Health {
  private readonly services = new Map<string, boolean>();
  private readonly watchers = new Map<string, Set<Watcher>>();

  constructor(names: string[]) {
    for (const name of names) {
      this.services.set(name, false);
      this.watchers.set(name, new Set());
    }
  }

  /** Sets the status of one service and notifies its watchers. The name "" means the whole server. */
  set(name: string, serving: boolean): void {
    if (this.services.get(name) === serving) return;
    this.services.set(name, serving);
    for (const tell of this.watchers.get(name) ?? []) tell();
  }

  /** Sets the status of every service. */
  setAll(serving: boolean): void {
    for (const name of this.services.keys()) this.set(name, serving);
  }

  /** Whether each service accepts calls, by name. The name "" means the whole server. */
  get all(): ReadonlyMap<string, boolean> {
    return this.services;
  }

  isServing(name: string): boolean {
    return this.services.get(name) === true;
  }

  /** The handlers of grpc.health.v1.Health. No auth: probes have no token. */
  handlers<Handler>(adapter: Adapter<Handler>) {
    return {
      Check: adapter.unary(async ({ service }: CheckRequest): Promise<HealthCheckResponse> => {
        const serving = this.services.get(service);
        if (serving === undefined) throw new PostaError("not-found", `service: no service ${show(service)}`);
        return response(serving);
      }),
      List: adapter.unary(async (): Promise<HealthListResponse> => {
        const all = [...this.services].map(([name, serving]) => [name, response(serving)]);
        return { statuses: Object.fromEntries(all) };
      }),
      Watch: adapter.serverStream((stream: ServerWritableStream<CheckRequest, HealthCheckResponse>, closing) =>
        this.watch(stream, closing),
      ),
    };
  }

  private async watch(
    stream: ServerWritableStream<CheckRequest, HealthCheckResponse>,
    closing: AbortSignal,
  ): Promise<void> {
    const { service } = stream.request;
    const watchers = this.watchers.get(service);
    const tell = watchers ? tellLatest(stream, () => this.isServing(service)) : () => {};
    if (watchers) tell();
    else stream.write({ status: "SERVICE_UNKNOWN" });
    watchers?.add(tell);
    stream.on("drain", tell);
    await ended(stream, closing).finally(() => {
      watchers?.delete(tell);
      stream.off("drain", tell);
    });
    if (closing.aborted) throw stoppingError();
  }
}

/** If a caller stops reading and then reads again, it gets only the latest status, not every status that it missed. */
function tellLatest(stream: ServerWritableStream<CheckRequest, HealthCheckResponse>, read: () => boolean): Watcher {
  let reported: boolean | undefined;
  return () => {
    const serving = read();
    if (serving === reported || stream.writableNeedDrain) return;
    reported = serving;
    stream.write(response(serving));
  };
}

/** Resolves when the caller leaves or the server stops. A stopping server first lets NOT_SERVING reach the caller. */
async function ended(stream: ServerWritableStream<unknown, unknown>, closing: AbortSignal): Promise<void> {
  const cancelled = new AbortController();
  stream.once("cancelled", () => cancelled.abort());
  const either = AbortSignal.any([closing, cancelled.signal]);
  if (!either.aborted) await new Promise((resolve) => either.addEventListener("abort", resolve, { once: true }));
  if (closing.aborted && !stream.cancelled) await sleep(0);
}

function response(serving: boolean): HealthCheckResponse {
  return { status: serving ? "SERVING" : "NOT_SERVING" };
}
