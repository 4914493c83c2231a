#!/usr/bin/env node
import cluster from "node:cluster";
import { ConfigError } from "../src/config.js";
import { type ChildRole, unfitExitCode } from "./messages.js";
import { leave } from "./terminal.js";

/** The entry of every process: the first is the primary, the rest are what it forks. Each loads only what it needs. */
async function main(): Promise<void> {
  if (cluster.isPrimary) await (await import("./primary.js")).runPrimary();
  else await (await import("./child.js")).runChild(process.argv[2] as ChildRole);
}

main().catch((error) => {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message.replace(/^/gm, "posta: "));
  leave(unfitExitCode);
});
