import { writeFileSync } from "node:fs";
import { summariseCpu } from "./cpu-profile.js";
import { renderFlame } from "./flame-html.js";
import { buildFlame } from "./flame-tree.js";
import { Places } from "./places.js";
import type { ProfileContext, ProfileReport } from "./profile.js";
import { describeTimes, readCpuProfile, takeCpuProfile } from "./profile-cpu.js";

/** A CPU profile of one server under load, drawn as a flame graph: one HTML file that needs nothing else. */
export async function profileFlame(context: ProfileContext): Promise<ProfileReport> {
  const { file, perSecond } = await takeCpuProfile(context);
  const places = new Places();
  const profile = readCpuProfile(file);
  const lines = describeTimes(summariseCpu(profile, places), perSecond);
  const title = `Posta under ${context.scenario}`;
  writeFileSync(context.file("flame.html"), renderFlame(title, lines, buildFlame(profile, places)));
  return {
    lines,
    next: "open flame.html in a browser: wide frames took long, and a frame lies under what called it; docs/profiling.md says more.",
  };
}
