/**
 * Makes docs/settings.md from src/config/settings/. With --write it writes the page. Without, it ends with status 1 when the page is not
 * up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { settingGroups } from "../src/config/settings.js";

/** What a setting tells of itself. */
type Row = Record<"variable" | "shown" | "range" | "unit" | "doc", string>;

const page = "docs/settings.md";

const head = `# Settings

<!-- Made by make generate from src/config/settings/: change the settings there. -->

Posta reads its settings from environment variables, and from nowhere else. A wrong value, or a \`POSTA_\` variable that does not
exist, stops the start with a line that names the variable and the fix. A change takes effect after a stop and a start.

- **duration**: a whole number and a unit, \`500ms\`, \`10s\`, \`5m\` or \`1h\`.
- **bytes**: a whole number, without a unit. The tables add the same number in KiB, MiB or GiB.
- **size**: a whole number and a unit, \`512mb\` or \`2gb\`, in powers of 1024.
- **list**: texts with commas between them.
- A default of "-" means that the variable is unset.
`;

/** A number of bytes as people read it, where that is a round number. */
function addBinaryUnit(value: string): string {
  const units = [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const;
  const [unit, size] = units.find(([, size]) => Number(value) >= size && Number(value) % size === 0) ?? [];
  return size === undefined ? value : `${value} (${Number(value) / size} ${unit})`;
}

function toRow({ variable, shown, range, unit, doc }: Row): string {
  const inUnits = (values: string) => (unit === "bytes" ? values.replace(/\d+/g, addBinaryUnit) : values);
  return `| \`${variable}\` | ${inUnits(shown) || "-"} | ${unit} | ${inUnits(range) || "-"} | ${doc} |`;
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
