import type { ProfileContext, ProfileReport } from "./profile.js";
import { profileCpu } from "./profile-cpu.js";
import { profileDoctor } from "./profile-doctor.js";
import { profileFlame } from "./profile-flame.js";
import { profileHeap } from "./profile-heap.js";
import { profileLeaks } from "./profile-leaks.js";

/** In the order of `make profile-all`: what costs the least time, and says the most, first. */
export const kinds: Record<string, (context: ProfileContext) => Promise<ProfileReport>> = {
  doctor: profileDoctor,
  cpu: profileCpu,
  flame: profileFlame,
  heap: profileHeap,
  leaks: profileLeaks,
};
