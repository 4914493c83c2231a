import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { createGroups } from "../../slo/alerts/groups.js";
import { readTargets } from "../../slo/targets.js";
import { settings } from "../../src/config/settings.js";
import { createDatabase } from "../support/postgres.js";
import { readRunbook } from "./queries.js";

const pages = readRunbook();
const texts = [...pages].map(([name, text]) => ({ name, text }));
const alerts = createGroups(readTargets()).flatMap(({ rules }) => rules.filter((rule) => "name" in rule));
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** All that a pattern's group finds in the pages, with the page. A pattern that finds nothing would show nothing. */
function findAll(pattern: RegExp): { name: string; found: string }[] {
  const all = texts.flatMap(({ name, text }) => [...text.matchAll(pattern)].map(([, found = ""]) => ({ name, found })));
  expect(all.length, `${pattern}`).toBeGreaterThan(3);
  return all;
}

describe("the runbook", () => {
  it("has a page for each alert, and none for what is no alert", () => {
    expect(new Set(pages.keys())).toEqual(new Set(alerts.map(({ name }) => name)));
  });

  it.each(texts)("says what it means, what to look at and what to do: $name", ({ name, text }) => {
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([name, "What it means", "Look at", "What to do"]);
    expect(text).toMatch(/^```(sh|promql)$/m);
  });

  it("names settings, commands of make and pages that exist", () => {
    const known = new Set<string>(Object.values(settings).map(({ variable }) => variable));
    expect(findAll(/\b(POSTA_[A-Z_]*[A-Z])\b/g).filter(({ found }) => !known.has(found))).toEqual([]);
    const makefile = read("Makefile");
    const isTarget = (target: string) => new RegExp(`^(.* )?${target}( .*)?:`, "m").test(makefile);
    expect(findAll(/`make ([a-z-]+)/g).filter(({ found }) => !isTarget(found))).toEqual([]);
    expect(findAll(/\]\((Posta\w+)\.md\)/g).filter(({ found }) => !pages.has(found))).toEqual([]);
  });

  it("calls methods that exist, with requests that they understand", () => {
    const descriptors = fromBinary(
      FileDescriptorSetSchema,
      readFileSync(new URL("../../src/gen/contract.binpb", import.meta.url)),
    );
    const registry = createFileRegistry(descriptors);
    const services = ["posta.queue.v1.QueueService", "posta.queue.v1.WorkerService", "posta.message.v1.MessageService"];
    const methods = services.flatMap((name) => registry.getService(name)?.methods ?? []);
    const calls = findAll(/call -- (\w+ '[^']*')/g);
    for (const { found } of calls) {
      const [, name, json = ""] = /^(\w+) '(.*)'$/.exec(found) ?? [];
      const method = methods.find((one) => one.name === name);
      expect(method, found).toBeDefined();
      if (method) fromJsonString(method.input, json, { registry });
    }
  });

  it("has SQL that the database understands", async () => {
    const database = await createDatabase();
    const client = new Client({ connectionString: database.url });
    try {
      await client.connect();
      const statements = findAll(/^psql "\$DATABASE" -c "(.*)"$/gm);
      for (const { found } of statements) await client.query(found);
    } finally {
      await client.end();
      await database.drop();
    }
  });
});
