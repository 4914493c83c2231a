import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { LogFile } from "../../../cluster/embedded/log-file.js";

const dir = mkdtempSync(join(tmpdir(), "posta-log-"));
const path = join(dir, "server.log");
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("a server's log is read from where it was, and put aside when it is too large", () => {
  const log = new LogFile(path, 100);
  log.cut();
  expect([log.size, log.readSince(0)]).toEqual([0, ""]);
  appendFileSync(path, "before\n");
  const at = log.size;
  appendFileSync(path, "after\n");
  expect(log.readSince(at)).toBe("after\n");
  log.cut();
  expect(log.readSince(0)).toBe("before\nafter\n");
  appendFileSync(path, "x".repeat(100));
  log.cut();
  expect([log.size, log.readSince(at)]).toEqual([0, ""]);
  expect(readFileSync(`${path}.old`, "utf8")).toHaveLength(113);
  appendFileSync(path, `${"y".repeat(2 << 20)}end`);
  expect(log.readSince(0)).toHaveLength(1 << 20);
  expect(log.readSince(0)).toMatch(/yend$/);
});
