#!/usr/bin/env node
import cluster from "node:cluster";
import { ConfigError } from "../src/config/config.js";
import { createLog } from "../src/telemetry/log/log.js";
import { type ChildRole, othersServe, unfitExitCode } from "./supervise/messages.js";
import { leave, printProblem } from "./terminal.js";

const [childRole, ...surroundings] = process.argv.slice(2);
const role = cluster.isPrimary ? "primary" : (childRole as ChildRole);

/** The entry of every process. The first process is the primary and forks the others. Each loads only its own code. */
async function main(): Promise<void> {
  if (role === "primary") return (await import("./primary.js")).runPrimary();
  await (await import("./child.js")).runChild(role, { othersServe: surroundings.includes(othersServe) });
}

main().catch((error) => {
  if (error instanceof ConfigError) {
    printProblem(error);
    leave(unfitExitCode);
  }
  createLog(role, "error").fatal({ err: error }, "the process cannot start");
  leave(1);
});
