/**
 * Checks the rooms of the house (scripts/rooms.ts): who imports whom, no circle between files, none between folders, no folder with too
 * many files. Imports of types count as well. Ends with status 1, and a line for each fault.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { counted, mostFiles, rooms } from "./rooms.js";

/** From each file or folder to what it imports. */
type Graph = Map<string, Set<string>>;

const importPattern = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function readImports(file: string): string[] {
  if (!file.endsWith(".ts")) return [];
  const targets = [...readFileSync(file, "utf8").matchAll(importPattern)].map(([, path]) => path as string);
  return targets.map((path) => normalize(join(dirname(file), path)).replace(/\.js$/, ".ts"));
}

/** The imports that no row of scripts/rooms.ts allows. */
function checkRule(files: Graph): string[] {
  return [...files].flatMap(([file, targets]) => {
    const room = rooms.find(({ from }) => file.startsWith(from));
    if (!room) return [];
    const allowed = [room.from, ...room.mayImport];
    const wrong = [...targets].filter((target) => !allowed.some((path) => target.startsWith(path)));
    return wrong.map((target) => `${file} imports ${target}: ${room.from} may import only ${allowed.join(" ")}`);
  });
}

/** The same imports, between the folders that have to be in order. */
function toFolders(files: Graph): Graph {
  const folders: Graph = new Map();
  for (const [file, targets] of [...files].filter(([file]) => isCounted(file))) {
    const [from, inside] = [dirname(file), folders.get(dirname(file)) ?? new Set<string>()];
    for (const target of targets) if (dirname(target) !== from) inside.add(dirname(target));
    folders.set(from, inside);
  }
  return folders;
}

/** Circles: each once, as the way from a place back to it. */
function findCircles(graph: Graph): string[] {
  const [circles, done]: [string[], Set<string>] = [[], new Set()];
  const visit = (place: string, way: string[]): void => {
    const start = way.indexOf(place);
    if (start >= 0) circles.push([...way.slice(start), place].join(" -> "));
    if (start >= 0 || done.has(place)) return;
    for (const next of graph.get(place) ?? []) visit(next, [...way, place]);
    done.add(place);
  };
  for (const place of graph.keys()) visit(place, []);
  return circles.map((circle) => `circle: ${circle}`);
}

function isCounted(file: string): boolean {
  return counted.some((path) => file.startsWith(path)) && !file.startsWith("src/gen/");
}

function checkSizes(files: Graph): string[] {
  const sizes = new Map<string, number>();
  for (const file of [...files.keys()].filter(isCounted)) {
    sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  }
  return [...sizes]
    .filter(([folder, size]) => size > mostFiles || folder === "src")
    .map(
      ([folder, size]) =>
        `${folder} has ${size} files; ${folder === "src" ? 0 : mostFiles} are the most: split it by its ideas`,
    );
}

const files: Graph = new Map(
  ["src", "cluster", "clients/typescript/src", "examples", "perf", "slo", "ops"]
    .flatMap(listFiles)
    .filter((file) => !file.startsWith("perf/results/"))
    .map((file) => [file, new Set(readImports(file))]),
);
const faults = [...checkRule(files), ...findCircles(files), ...findCircles(toFolders(files)), ...checkSizes(files)];
for (const fault of faults) console.error(`rooms: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
else
  console.log(`rooms: ${files.size} files, no circle, no import against the rule, no folder over ${mostFiles} files`);
