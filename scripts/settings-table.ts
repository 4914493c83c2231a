/**
 * Makes docs/settings.md from src/config/settings/. With --write it writes the page. Without, it ends with status 1 when the page is not
 * up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { settingGroups } from "../src/config/settings.js";

/** What a setting tells of itself. */
type Row = Record<"variable" | "shown" | "range" | "unit" | "doc", string> & { old?: { variable: string } };

const page = "docs/settings.md";

const head = `# Settings

<!-- Made by make generate from src/config/settings/: change the settings there. -->

Posta reads its settings from environment variables, and from nowhere else. A wrong value, or a \`POSTA_\` variable that does not
exist, stops the start with a line that names the variable and the fix. A change takes effect after a stop and a start.

- **duration**: a whole number and a unit, \`500ms\`, \`10s\`, \`5m\` or \`1h\`.
- **bytes**: a whole number, alone or with a unit in powers of 1024: \`1048576\`, \`1024kb\`, \`1mb\`, \`1gb\`.
- **list**: texts with commas between them.
- A default of "-" means that the variable is unset.

A name is made by one rule: \`POSTA_\`, the area, then what is set. Settings of the whole process, and of calls to all services, have no area.
A limit has \`MAX\` before what it limits. A setting that was renamed still works under its old name.
`;

function toRow({ variable, shown, range, unit, doc, old }: Row): string {
  const meaning = old ? `${doc} Old name: \`${old.variable}\`.` : doc;
  return `| \`${variable}\` | ${shown || "-"} | ${unit} | ${range || "-"} | ${meaning} |`;
}

function toSection({ title, about, settings }: (typeof settingGroups)[number]): string {
  const head = ["| variable | default | unit | range | meaning |", "|---|---|---|---|---|"];
  return `## ${title}\n\n${about}\n\n${[...head, ...Object.values<Row>(settings).map(toRow)].join("\n")}\n`;
}

const wanted = [head, ...settingGroups.map(toSection)].join("\n");
if (process.argv.includes("--write")) writeFileSync(page, wanted);
else if (readFileSync(page, "utf8") !== wanted) {
  console.error(`${page} is not what src/config/settings/ gives; run make generate`);
  process.exitCode = 1;
}
