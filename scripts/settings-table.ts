/**
 * The README's table of settings, made from src/config/settings/. With --write it is put into the README; without, the exit
 * status says whether the README has it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { settingGroups } from "../src/config/settings.js";

/** What a setting tells of itself. */
type Row = Record<"variable" | "shown" | "range" | "doc", string>;

const [begin, end] = ["<!-- settings: made by make generate -->", "<!-- /settings -->"];
const head = ["| variable | default | range | meaning |", "|---|---|---|---|"];
const tables = settingGroups.map(({ title, about, settings }) => {
  const rows = Object.values<Row>(settings).map(
    ({ variable, shown, range, doc }) => `| \`${variable}\` | ${shown ? `\`${shown}\`` : ""} | ${range} | ${doc} |`,
  );
  return [`### ${title}`, "", about, "", ...head, ...rows].join("\n");
});
const table = tables.join("\n\n");

const readme = readFileSync("README.md", "utf8");
const [before, rest] = readme.split(begin);
const after = rest?.split(end)[1];
if (before === undefined || after === undefined) throw new Error(`README.md lacks ${begin} ... ${end}`);
const wanted = `${before}${begin}\n${table}\n${end}${after}`;
if (process.argv.includes("--write")) writeFileSync("README.md", wanted);
else if (readme !== wanted) {
  console.error("README.md: its table of settings is not that of src/config/settings/; run make generate");
  process.exitCode = 1;
}
