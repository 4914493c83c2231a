import { it } from "vitest";
import { useReleases } from "../support/releases.js";
import { expectEachJobOnce, expectLargeResultFails } from "./example.js";

/** examples/worker.py, which uses the unary calls. */

const releases = useReleases();

it("does each job once while servers are killed, and drains at SIGTERM", async () => {
  await expectEachJobOnce("python", releases);
});

it("fails a job whose result is too large, instead of sending it for ever", async () => {
  await expectLargeResultFails("python", releases);
});
