import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { add, freshQueue, posta, releases, stateOf } from "../../queue/work/work-setup.js";

/** The package as it will be published: outside of this repository, with nothing but its own files. */

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(root, "clients/typescript");
/** Not synchronous: the server is in this process, and takes a blocked event loop for a store that hangs. */
const run = promisify(execFile);
const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"));

const program = `
import { worker } from "@posta/client";
const started = worker(process.argv[2], () => "packed", { address: process.argv[3] });
started.on("completed", () => started.stop());
`;

it("works elsewhere", async () => {
  const home = mkdtempSync(join(tmpdir(), "posta-package-"));
  releases.push(() => rmSync(home, { recursive: true }));
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", home], { cwd: folder });
  mkdirSync(join(home, "node_modules/@posta"), { recursive: true });
  await run("tar", ["-xzf", stdout.trim(), "-C", "node_modules/@posta"], { cwd: home });
  renameSync(join(home, "node_modules/@posta/package"), join(home, "node_modules/@posta/client"));
  symlinkSync(join(root, "node_modules/@grpc"), join(home, "node_modules/@grpc"));
  writeFileSync(join(home, "program.mjs"), program);
  const queue = freshQueue();
  const [id] = await add(queue);
  const args = ["program.mjs", queue, `127.0.0.1:${posta.port}`];
  const child = spawn(process.execPath, args, { cwd: home, stdio: "inherit" });
  releases.push(() => child.kill("SIGKILL"));
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await stateOf(queue, id as string)).toBe("COMPLETED");
});

it("depends on the versions that Posta is tested with", () => {
  const { dependencies } = readJson(join(folder, "package.json"));
  const locked = readJson(join(root, "package-lock.json")).packages;
  for (const [name, version] of Object.entries(dependencies))
    expect(version).toBe(locked[`node_modules/${name}`].version);
});
