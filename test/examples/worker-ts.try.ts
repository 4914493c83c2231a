import { it } from "vitest";
import { useReleases } from "../support/releases.js";
import { expectEachJobOnce } from "./example.js";

/** examples/worker.ts, which uses @posta/client. */

const releases = useReleases();

it("does each job once while servers are killed, and drains at SIGTERM", async () => {
  await expectEachJobOnce("typescript", releases);
});
