import { afterEach } from "vitest";

/** Closes what a test has opened. */
type Release = () => unknown;

/** A list for what each test of a file opens. After each test, all of it is released: what was opened last comes first. */
export function useReleases(): Release[] {
  const releases: Release[] = [];
  afterEach(async () => {
    for (const release of releases.splice(0).reverse()) await release();
  });
  return releases;
}
