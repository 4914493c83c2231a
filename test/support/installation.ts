import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** What a build needs, of this version and of older ones. */
const sources = [
  "src",
  "cluster",
  "proto",
  "slo/targets.json",
  "perf/targets.json",
  "scripts",
  "tsconfig.json",
  "tsconfig.build.json",
];
const buildMs = 120_000;

/** A change of a built release: in a file, a text that is there in place of another. */
export type Patch = [file: string, text: string, by: string];

/** Posta as an operator installs it: releases side by side, and a link that says which one is in place. */
export class Installation {
  /** What is started. */
  readonly main: string;
  private readonly dir = mkdtempSync(join(tmpdir(), "posta-releases-"));

  constructor() {
    this.main = join(this.dir, "current", "cluster", "main.js");
    symlinkSync(join(root, "node_modules"), join(this.dir, "node_modules"));
    cpSync(join(root, "package.json"), join(this.dir, "package.json"));
  }

  /** Adds this tree's build, changed, with a migration after those that there are. */
  addBuild(name: string, { migration, patches = [] }: { migration?: string; patches?: Patch[] } = {}): void {
    const release = join(this.dir, name);
    cpSync(join(root, "dist"), release, { recursive: true });
    if (migration) addMigration(join(release, "src/store/migrations"), migration);
    for (const [file, text, by] of patches) {
      const path = join(release, file);
      const before = readFileSync(path, "utf8");
      if (!before.includes(text)) throw new Error(`${file} has no ${text}`);
      writeFileSync(path, before.replace(text, by));
    }
  }

  /** Adds the build of a commit, made with this tree's packages, and those that this tree no longer has. */
  addCommit(name: string, commit: string): void {
    const source = join(this.dir, `${name}-source`);
    mkdirSync(source);
    const listed = execFileSync("git", ["ls-tree", "--name-only", commit, ...sources], { cwd: root, encoding: "utf8" });
    const archive = execFileSync("git", ["archive", commit, "package.json", ...listed.trim().split("\n")], {
      cwd: root,
      maxBuffer: 2 ** 28,
    });
    execFileSync("tar", ["x"], { cwd: source, input: archive });
    addMissingPackages(source);
    execFileSync("npm", ["run", "--silent", "build"], {
      cwd: source,
      timeout: buildMs,
      env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
    });
    renameSync(join(source, "dist"), join(this.dir, name));
    if (existsSync(join(source, "node_modules"))) {
      renameSync(join(source, "node_modules"), join(this.dir, name, "node_modules"));
    }
  }

  /** Puts a release in place, at once. */
  use(name: string): void {
    const link = join(this.dir, "next");
    symlinkSync(join(this.dir, name), link);
    renameSync(link, join(this.dir, "current"));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Packages that a release needs and this tree does not, into a folder that Node looks into first. */
function addMissingPackages(source: string): void {
  const { dependencies } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const missing = Object.entries(dependencies).filter(([name]) => !existsSync(join(root, "node_modules", name)));
  if (missing.length === 0) return;
  const folder = join(source, "packages");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), "{}");
  const wanted = missing.map(([name, version]) => `${name}@${version}`);
  const args = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", ...wanted];
  execFileSync("npm", args, { cwd: folder, timeout: buildMs });
  renameSync(join(folder, "node_modules"), join(source, "node_modules"));
}

function addMigration(folder: string, sql: string): void {
  const number = String(readdirSync(folder).length + 1).padStart(3, "0");
  writeFileSync(join(folder, `${number}-trial.sql`), sql);
}

/** The commit before the one that added the last migration; undefined where git does not know, as in a shallow clone. */
export function findCommitBeforeMigration(): string | undefined {
  try {
    const args = ["log", "-1", "--diff-filter=A", "--format=%H", "--", "src/store/migrations"];
    const git = (...rest: string[]) => execFileSync("git", rest, { cwd: root, encoding: "utf8", stdio: "pipe" }).trim();
    if (git("rev-parse", "--is-shallow-repository") === "true") return undefined;
    return git("rev-parse", "--verify", `${git(...args)}^`);
  } catch {
    return undefined;
  }
}
