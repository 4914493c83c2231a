import { execFileSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { startRedis } from "./redis.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of a Redis that all test files share, each under a key prefix of its own. */
    redisUrl: string;
  }
}

/** Builds what the forked processes run, and starts the shared Redis. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
  const redis = await startRedis();
  project.provide("redisUrl", redis.url);
  return () => redis.stop();
}
