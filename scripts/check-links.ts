/**
 * Checks the links of every Markdown file of the project: a local link leads to a file or folder, and its #anchor to a heading there.
 * Ends with status 1, and a line for each broken link. Links to other hosts are not looked up: lint works offline.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import Slugger from "github-slugger";
import { fromMarkdown } from "mdast-util-from-markdown";

/** What this script reads of Markdown's syntax tree. */
interface Node {
  type: string;
  url?: string;
  value?: string;
  children?: Node[];
  position?: { start: { line: number } } | undefined;
}

function walk(node: Node): Node[] {
  return [node, ...(node.children ?? []).flatMap(walk)];
}

const textOf = (node: Node): string =>
  walk(node)
    .map(({ value = "" }) => value)
    .join("");

const trees = new Map<string, Node[]>();
function readTree(file: string): Node[] {
  const known = trees.get(file) ?? walk(fromMarkdown(readFileSync(file, "utf8")) as Node);
  trees.set(file, known);
  return known;
}

/** The anchors that GitHub gives a file's headings. */
function anchorsOf(file: string): Set<string> {
  const slugger = new Slugger();
  const headings = readTree(file).filter(({ type }) => type === "heading");
  return new Set(headings.map((heading) => slugger.slug(textOf(heading))));
}

/** What is wrong with a link; undefined: nothing. */
function checkLink(file: string, url: string): string | undefined {
  if (/^[a-z+]+:/i.test(url)) return undefined;
  const [path = "", anchor] = decodeURI(url).split("#");
  const target = path === "" ? file : normalize(join(dirname(file), path));
  if (!existsSync(target)) return `${target} does not exist`;
  if (anchor === undefined || !target.endsWith(".md") || anchorsOf(target).has(anchor)) return undefined;
  return `${target} has no heading #${anchor}`;
}

const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  encoding: "utf8",
});
const files = listed.split("\n").filter((file) => file !== "" && existsSync(file));
let links = 0;
for (const file of files) {
  for (const { url, position } of readTree(file)) {
    if (url === undefined) continue;
    links += 1;
    const problem = checkLink(file, url);
    if (problem === undefined) continue;
    console.error(`links: ${file}:${position?.start.line}: ${url}: ${problem}`);
    process.exitCode = 1;
  }
}
if (process.exitCode === undefined) console.log(`links: ${links} links in ${files.length} files`);
