#!/usr/bin/env node
import cluster from "node:cluster";
import { ConfigError } from "../src/config.js";
import { unfitExitCode } from "./messages.js";

/** The entry of every process: the first is the primary, those it forks are servers. Each loads only what it needs. */
async function main(): Promise<void> {
  if (cluster.isPrimary) await (await import("./primary.js")).runPrimary();
  else await (await import("./child.js")).runServer();
}

main().catch((error) => {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message.replace(/^/gm, "posta: "));
  process.exit(unfitExitCode);
});
