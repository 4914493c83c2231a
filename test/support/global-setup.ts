import { execFileSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { createData, createTemplate, startPostgres } from "./postgres.js";
import { startRedis } from "./redis.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of a Redis that all test files share, each under a key prefix of its own. */
    redisUrl: string;
    /** Address of a PostgreSQL that all test files share, each with a database of its own (postgres.ts). */
    postgresUrl: string;
    /** Folder of a new PostgreSQL's data, to be copied. */
    postgresData: string;
  }
}

/** Builds what the forked processes run, and starts the shared stores. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
  const data = createData();
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres({}, data.path)]);
  project.provide("redisUrl", redis.url);
  project.provide("postgresUrl", postgres.url);
  project.provide("postgresData", data.path);
  const release = async () => void (await Promise.all([redis.stop(), postgres.stop(), data.remove()]));
  await createTemplate(postgres).catch(async (error) => {
    await release();
    throw error;
  });
  return release;
}
