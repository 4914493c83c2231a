import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Runs a script in a process of its own with a plan, as JSON, on its standard input; answers the report that it prints. */
export async function runScript<Report>(script: URL, plan: object): Promise<Report> {
  const file = fileURLToPath(script);
  const child = spawn(process.execPath, ["--import", "tsx", file], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(plan));
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`${file} ended with code ${code}`);
  return JSON.parse(output) as Report;
}
