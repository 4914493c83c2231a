import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a tool printed, and how it ended. */
export interface Ran {
  status: number;
  output: string;
}

/** Runs a tool that scripts/try-tools.sh sees to, or that npm has installed, in the project's folder. */
export function run(tool: string, args: string[], timeoutMs = 30_000): Promise<Ran> {
  const options = { cwd: root, env: toolEnv(), timeout: timeoutMs };
  return new Promise((resolve, reject) => {
    execFile(tool, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === "number") resolve({ status, output: stdout + stderr });
      else reject(new Error(`${tool} cannot be run (${error?.message}); make try-tools sees to it`));
    });
  });
}

/** Where the tools are. */
export function toolEnv(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [`${root}.tools/bin`, `${root}node_modules/.bin`, process.env.PATH].join(delimiter) };
}
