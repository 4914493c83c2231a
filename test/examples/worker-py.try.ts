import { it } from "vitest";
import { useReleases } from "../support/releases.js";
import { expectEachJobOnce } from "./example.js";

/** examples/worker.py, which uses the unary calls. */

const releases = useReleases();

it("does each job once while servers are killed, and drains at SIGTERM", async () => {
  await expectEachJobOnce("python", releases);
});
