import { execFileSync } from "node:child_process";

/** The commit that is checked out; undefined outside a git repository. */
export function readCommit(): string | undefined {
  return git("rev-parse", "HEAD");
}

/** As summaries have it: "unknown" outside a git repository. */
export function shortCommit(): string {
  return readCommit()?.slice(0, 12) ?? "unknown";
}

/** Whether the tree has changes that no commit has. */
export function hasChanges(): boolean {
  return (git("status", "--porcelain") ?? "") !== "";
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
