import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take a minute or more. Begun last, each would be waited for with one core idle. */
const long = [
  "test/faults/",
  "test/worker-faults/runs",
  "test/perf/profile-run",
  "test/cluster/embedded",
  "test/cluster/start",
  "test/deploy/alerts",
];

/** Folders whose tests start whole clusters, load suites or tools, and a file that waits for elections. */
const slowFolders = /^test\/((cluster|faults|worker-faults|deploy|ops|perf)\/|background\/leader-loop)/;
/** What starts processes, or waits for time-outs: files that name one of these are not fast. */
const slowStarts =
  /\b(startCluster|startRedis|startPostgres|startTcpRedis|startSpooling|Installation|spawn|LeaderLoop|new Leader)\b|delivery-fixture|spool-setup|leader-loop|wire-call/;

/** `make test-fast`: the files that need no process but the stores which all files share. */
function listFast(): string[] {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" }).map((file) => `test/${file}`);
  const isFast = (file: string) => !slowFolders.test(file) && !slowStarts.test(readFileSync(file, "utf8"));
  return files.filter((file) => file.endsWith(".test.ts") && isFast(file));
}

function listFiles({ TRY, FAST }: NodeJS.ProcessEnv): string[] {
  // What needs tools that are not ours runs by make try-tools and make try-examples.
  if (TRY) return [`test/${TRY}/*.try.ts`];
  return FAST ? listFast() : ["test/**/*.test.ts"];
}

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => long.some((path) => moduleId.includes(path));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: listFiles(process.env),
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // Whole clusters run in some of the files, which wait for processes and timers for half of their time: three keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    // A wait ends when what it waits for is there: these are for what never comes, on the slowest machine.
    // A test without an assertion, or whose assertions were never reached, fails.
    expect: { poll: { timeout: 30_000 }, requireAssertions: true },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
});
