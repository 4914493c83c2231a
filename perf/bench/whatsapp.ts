import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithThis } from "./children.js";

const program = fileURLToPath(new URL("../../test/support/whatsapp-sim.ts", import.meta.url));

/** A message that the stand-in took: when, in milliseconds since 1970 with fractions. */
interface LedgerEntry {
  at: number;
}

/** A stand-in for the Cloud API in a process of its own, without limits and webhooks. */
export interface StandIn {
  /** What makes a Posta use it. */
  readonly settings: Record<string, string>;
  /** When it took each message, from the one with this number on. */
  times(from: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** Starts the stand-in on a port that the system chooses; each answer takes `latencyMs`. */
export async function startStandIn(latencyMs: number): Promise<StandIn> {
  const child = spawn(process.execPath, ["--import", "tsx", program], {
    env: { ...process.env, PORT: "0", LATENCY: String(latencyMs), LIMITS: "0", WEBHOOKS: "0", QUIET: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  endWithThis(child);
  const settings: Record<string, string> = {};
  for await (const line of createInterface(child.stdout)) {
    if (line === "") break;
    const [name, value] = line.split("=", 2) as [string, string];
    settings[name] = value;
  }
  return {
    settings,
    async times(from) {
      const answer = await fetch(`${settings.POSTA_WHATSAPP_URL}/ledger?from=${from}`);
      return ((await answer.json()) as LedgerEntry[]).map(({ at }) => at);
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}
