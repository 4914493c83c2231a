import type { Target } from "../targets.js";
import { guideGroup } from "./guide.js";
import { objectiveGroups } from "./objectives.js";
import { processes } from "./processes.js";
import type { Group } from "./rule.js";
import { stores } from "./stores.js";
import { work } from "./work.js";
import { workers } from "./workers.js";

/** All rules of deploy/prometheus/alerts.yml. */
export function createGroups(targets: readonly Target[]): Group[] {
  return [...objectiveGroups(targets), guideGroup(targets), processes, stores, work, workers];
}
