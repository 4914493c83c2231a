import { expect, it } from "vitest";
import { useReleases } from "../support/releases.js";
import { startLoad } from "./load.js";
import { planOf } from "./plan.js";
import { untilQuiet, verify } from "./verify.js";
import { createWorld } from "./world.js";

/** `make test-faults SEED=7 RUNS=3` runs the seeds 7, 8 and 9. */
const runs = Number(process.env.RUNS || 1);
const firstSeed = Number(process.env.SEED || Math.floor(Math.random() * 1e6));
const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);

const releases = useReleases();

it.each(seeds)(
  "loses no message and sends none twice, whatever is killed: SEED=%i",
  { timeout: 400_000 },
  async (seed) => {
    const plan = planOf(seed);
    const world = await createWorld(plan, releases);
    await world.untilReady();
    const load = startLoad(world, plan);
    for (const { after, what } of plan.strikes) {
      await load.more(after);
      await world.strike(what);
    }
    await load.more(50);
    await load.end();
    world.whatsapp.faults.clear();
    await untilQuiet(world);
    await verify(world, load.sent);
    // Or the API took nothing, and nothing was shown.
    expect(world.whatsapp.ledger.entries.length).toBeGreaterThan(load.sent.length / 2);
  },
);
