import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolderUntilEnd } from "../bench/children.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A build of another commit, in a temporary folder. */
export interface Build {
  commit: string;
  /** What to start. */
  main: string;
  remove(): void;
}

/** The commit that BASE names: itself, or the one that a summary.json was measured on. Throws an error that says what is wrong. */
export function readBase(base: string | undefined): string {
  if (!base) throw new Error("BASE: give a commit or a summary.json: make perf-compare BASE=main");
  const name = base.endsWith(".json") ? readCommit(base) : base;
  try {
    return git("rev-parse", "--verify", "--quiet", `${name}^{commit}`).trim();
  } catch {
    throw new Error(`BASE: there is no commit ${name}`);
  }
}

function readCommit(file: string): string {
  if (!existsSync(file)) throw new Error(`BASE: there is no file ${file}`);
  const { commit, dirty } = JSON.parse(readFileSync(file, "utf8")) as { commit?: string; dirty?: boolean };
  if (!commit) throw new Error(`BASE: ${file} is no summary of a suite: it names no commit`);
  if (dirty)
    console.error(`perf-compare: ${file} was measured with changes that no commit has; comparing with ${commit}`);
  return commit;
}

/** Builds a commit. Its packages are ours where they are the same, else it gets its own. */
export function buildCommit(commit: string): Build {
  const folder = makeFolderUntilEnd("posta-base-");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const archive = git("archive", "--format=tar", commit);
    execFileSync("tar", ["-x", "-C", folder], { input: Buffer.from(archive, "latin1") });
    const lock = (dir: string) => readFileSync(join(dir, "package-lock.json"), "utf8");
    if (lock(folder) === lock(root)) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    else execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--silent"], { cwd: folder, stdio: "inherit" });
    execFileSync("npm", ["run", "--silent", "build"], { cwd: folder, stdio: "inherit" });
  } catch (error) {
    remove();
    throw new Error(`BASE: ${commit} cannot be built: ${(error as Error).message}`);
  }
  return { commit, main: join(folder, "dist/cluster/main.js"), remove };
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: root,
    encoding: "latin1",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
}
