import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take a minute or more. Begun last, each would be waited for with one core idle. */
const long = [
  "test/faults/",
  "test/perf/profile-run",
  "test/cluster/embedded",
  "test/cluster/start",
  "test/deploy/alerts",
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => long.some((path) => moduleId.includes(path));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // What needs tools that are not ours runs by make try-tools.
    include: [process.env.TRY_TOOLS ? "test/tools/*.try.ts" : "test/**/*.test.ts"],
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
