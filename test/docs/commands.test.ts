import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { settings } from "../../src/config/settings.js";

/** All pages, the runbook's too. */
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "")
  .map((file) => ({ file, text: readFileSync(file, "utf8") }));

/** What a pattern's first group finds, with the page. A pattern that finds nothing would show nothing. */
function findAll(pattern: RegExp): { file: string; found: string }[] {
  const all = pages.flatMap(({ file, text }) => [...text.matchAll(pattern)].map(([, found = ""]) => ({ file, found })));
  expect(all.length, `${pattern}`).toBeGreaterThan(10);
  return all;
}

it("names settings that exist", () => {
  const all = Object.values<{ variable: string; old?: { variable: string } }>(settings);
  const known = new Set(all.flatMap(({ variable, old }) => [variable, old?.variable]));
  expect(findAll(/\b(POSTA_[A-Z_]*[A-Z])\b/g).filter(({ found }) => !known.has(found))).toEqual([]);
});

it("names files and folders that exist", () => {
  const paths = findAll(/`((?:src|cluster|test|perf|slo|ops|scripts|deploy|docs)\/[\w./-]+)`/g);
  expect(paths.filter(({ found }) => !existsSync(found) && !found.startsWith("perf/results/"))).toEqual([]);
});

it("names commands of make that exist", () => {
  const targets = new Set(
    [...readFileSync("Makefile", "utf8").matchAll(/^([a-z-]+(?: [a-z-]+)*):/gm)].flatMap(([, names = ""]) =>
      names.split(" "),
    ),
  );
  const commands = findAll(/(?:`|^)make ([a-z-]+(?: [a-z-]+)*)/gm).flatMap(({ file, found }) => {
    return found.split(" ").map((target) => ({ file, target }));
  });
  expect(commands.filter(({ target }) => !targets.has(target))).toEqual([]);
});

it("calls methods that exist, with requests that they understand", () => {
  const descriptors = fromBinary(FileDescriptorSetSchema, readFileSync("src/gen/contract.binpb"));
  const registry = createFileRegistry(descriptors);
  const services = [...registry].filter((type) => type.kind === "service");
  const methods = new Map(services.flatMap((service) => service.methods.map((method) => [method.name, method])));
  // A text that the shell puts in is a time in these pages.
  const isText = /'"?\$(?:\([^)]*\)|\w+)"?'/g;
  for (const { file, found } of findAll(/call -- (\w+ '\{(?:[^']|'"?\$[^']*')*\}')/g)) {
    const [, name = "", json = ""] = /^(\w+) '(.*)'$/s.exec(found.replace(isText, "2026-01-01T00:00:00Z")) ?? [];
    const method = methods.get(name);
    expect(method, `${file}: ${found}`).toBeDefined();
    if (method) expect(() => fromJsonString(method.input, json, { registry }), `${file}: ${found}`).not.toThrow();
  }
});
