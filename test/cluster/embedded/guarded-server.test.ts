import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { GuardedServer } from "../../../cluster/embedded/guarded-server.js";
import type { Logger } from "../../../src/telemetry/log/log.js";

it("a server that cannot be started again for a while is started when it can be", async () => {
  const folder = mkdtempSync(join(tmpdir(), "posta-guarded-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const errors: string[] = [];
  const log = { error: (message: string) => errors.push(message) } as unknown as Logger;
  // Without a PATH there is no shell to guard it: as when there are too many processes, nothing is spawned.
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH };
  const marks = () => errors.filter((error) => error.includes("ended with code 7")).length;
  const server = new GuardedServer(
    {
      name: "Test",
      command: "sh",
      args: ["-c", "sleep 0.3; exit 7"],
      signal: "TERM",
      missing: "there is no sh",
      logFile: join(folder, "log"),
      env,
    },
    log,
  );
  await server.start(async () => {});
  onTestFinished(() => server.stop());
  env.PATH = join(folder, "nothing");
  await expect
    .poll(() => errors.some((error) => error.includes("an error: spawn sh ENOENT")), { timeout: 5000 })
    .toBe(true);
  const before = marks();
  env.PATH = process.env.PATH;
  await expect.poll(marks, { timeout: 10_000 }).toBeGreaterThan(before);
});
