import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const tools = fileURLToPath(new URL("../../.tools/bin", import.meta.url));

/** Runs promtool, which scripts/need-promtool.sh sees to; answers its exit status and all that it printed. */
export function promtool(args: string[], input = ""): { status: number | null; output: string } {
  const path = existsSync(tools) ? `${tools}${delimiter}${process.env.PATH}` : process.env.PATH;
  const { status, stdout, stderr, error } = spawnSync("promtool", args, {
    input,
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  if (error) throw new Error(`promtool cannot be run (${error.message}); scripts/need-promtool.sh fetches it`);
  return { status, output: stdout + stderr };
}
