import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // Whole clusters run in some of the files; more at a time than cores would only make them wait for each other.
    maxWorkers: 2,
    // A wait ends when what it waits for is there: these are for what never comes, on the slowest machine.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
});
