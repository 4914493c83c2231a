#!/usr/bin/env node
import cluster from "node:cluster";
import { ConfigError } from "../src/config.js";
import { type ChildRole, othersServe, unfitExitCode } from "./messages.js";
import { leave } from "./terminal.js";

/** The entry of every process: the first is the primary, the rest are what it forks. Each loads only what it needs. */
async function main(): Promise<void> {
  if (cluster.isPrimary) return (await import("./primary.js")).runPrimary();
  const [role, ...rest] = process.argv.slice(2);
  await (await import("./child.js")).runChild(role as ChildRole, { othersServe: rest.includes(othersServe) });
}

main().catch((error) => {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message.replace(/^/gm, "posta: "));
  leave(unfitExitCode);
});
