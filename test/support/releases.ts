import { type afterAll, afterEach } from "vitest";

/** Closes what a test has opened. */
export type Release = () => unknown;

/** Releases all that is on a list, and empties the list. What was opened last comes first. */
export async function releaseAll(releases: Release[]): Promise<void> {
  for (const release of releases.splice(0).reverse()) await release();
}

/**
 * A list for what each test of a file opens, which is released after each test; with `afterAll`, for what all tests of
 * a file share, which is released after the last.
 */
export function useReleases(after: typeof afterEach | typeof afterAll = afterEach): Release[] {
  const releases: Release[] = [];
  after(() => releaseAll(releases));
  return releases;
}
