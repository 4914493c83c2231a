import type { Registry } from "prom-client";
import type { SchemaState } from "../background/schema-keeper.js";
import type { ConfigError } from "../config/config.js";
import type { CheckState } from "../health/check.js";
import type { ClusterFacts } from "../health/server-health.js";

export type { SchemaState };

/** What a process reports to the code that started it. */
export interface ProcessEvents {
  /** Whether the process does its work; called at each change. */
  onServing(serving: boolean): void;
  /** The process cannot go on: settings or a store are unfit. */
  onUnfit(error: ConfigError): void;
  /** The state of the database's schema; called at each change. Absent: nobody waits for the schema. */
  onSchema?(state: SchemaState): void;
}

/** What a starting process needs to know of the other processes. */
export interface Surroundings {
  /** Another process serves until this process has started. So this process need not hurry. */
  othersServe?: boolean;
}

/** The health of a process: what the primary reads from it, and sends to it. */
export interface ProcessHealth {
  readonly checks: readonly CheckState[];
  /** Calls the listener at each change of a status. */
  onChange(listener: () => void): void;
  hear(facts: ClusterFacts): void;
}

/** What one process of a role does. */
export interface PostaProcess {
  readonly metrics: Registry;
  /** Absent: the process has no checks of its own. */
  readonly health?: ProcessHealth;
  /** Starts the process, which may begin to serve later. Throws a ConfigError if the process cannot start. */
  start(surroundings?: Surroundings): Promise<void>;
  /** Says from now on that the process does not serve, while it works as before. Absent: nobody would listen. */
  withdraw?(): void;
  /** Lets work under way finish, then closes the stores. */
  stop(): Promise<void>;
}
