/**
 * Makes deploy/prometheus/alerts.yml and deploy/grafana/posta.json from slo/targets.json and slo/alerts/. With --write
 * they are written; without, the exit status says whether they are up to date. RUNBOOKS=https://host/path makes the alerts link
 * to the pages of docs/runbook/ there.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createDashboard } from "./alerts/dashboard.js";
import { createGroups } from "./alerts/groups.js";
import { toYaml } from "./alerts/rule.js";
import { readTargets } from "./targets.js";

const targets = readTargets();
const files = {
  "deploy/prometheus/alerts.yml": toYaml(createGroups(targets), process.env.RUNBOOKS || undefined),
  "deploy/grafana/posta.json": `${JSON.stringify(createDashboard(targets), undefined, 2)}\n`,
};
for (const [path, wanted] of Object.entries(files)) {
  if (process.argv.includes("--write")) writeFileSync(path, wanted);
  else if (readFileSync(path, "utf8") !== wanted) {
    console.error(`${path} is not what slo/targets.json and slo/alerts/ give; run make alerts`);
    process.exitCode = 1;
  }
}
