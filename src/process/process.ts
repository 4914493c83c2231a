import type { Registry } from "prom-client";
import type { SchemaState } from "../background/schema.js";
import type { ConfigError } from "../config/config.js";
import type { CheckState } from "../health/check.js";
import type { ClusterFacts } from "../health/server-health.js";

export type { SchemaState };

/** What a process tells whoever started it. */
export interface ProcessEvents {
  /** Whether it does its work; told at each change. */
  onServing(serving: boolean): void;
  /** It cannot go on: settings or a store are unfit. */
  onUnfit(error: ConfigError): void;
  /** How far the database's schema is; told at each change. Absent: nobody waits for it. */
  onSchema?(state: SchemaState): void;
}

/** What a process needs to know of the others as it starts. */
export interface Surroundings {
  /** Another process serves in its place as long as it takes to start: it need not hurry. */
  othersServe?: boolean;
}

/** What a process finds of its health, for its primary, and takes from it. */
export interface ProcessHealth {
  readonly checks: readonly CheckState[];
  /** Told at each change of a status. */
  onChange(listener: () => void): void;
  hear(facts: ClusterFacts): void;
}

/** What one process of a role does. */
export interface PostaProcess {
  readonly metrics: Registry;
  /** Absent: it has no checks of its own. */
  readonly health?: ProcessHealth;
  /** Begins; it need not be serving yet. Throws a ConfigError if it cannot. */
  start(surroundings?: Surroundings): Promise<void>;
  /** Lets what is under way finish, then closes the stores in reverse order of opening. */
  stop(): Promise<void>;
}
