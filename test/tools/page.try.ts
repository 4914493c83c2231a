import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loaded, startLoaded } from "./cluster.js";
import { run } from "./tools.js";

/** The status page in Chromium. The screenshots are for eyes: where they are is printed. */

let posta: Loaded;
const folder = mkdtempSync(join(tmpdir(), "posta-page-"));
beforeAll(async () => {
  posta = await startLoaded();
});
afterAll(() => posta?.stop());

const common = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=8000"];

describe("Chromium", () => {
  it("shows what the page has fetched", async () => {
    const { output } = await run("chromium", [...common, "--dump-dom", posta.cluster.adminUrl], 60_000);
    expect(output).toContain("QueueService/AddJob");
    expect(output).toContain("redis-queue");
  });

  it.each([
    ["phone", "390,844"],
    ["wall", "1920,1080"],
  ])("takes its picture for a %s, light and dark", async (name, size) => {
    for (const [theme, flags] of [
      ["light", []],
      ["dark", ["--blink-settings=preferredColorScheme=0"]],
    ] as const) {
      const file = join(folder, `${name}-${theme}.png`);
      await run(
        "chromium",
        [...common, ...flags, `--window-size=${size}`, `--screenshot=${file}`, posta.cluster.adminUrl],
        60_000,
      );
      expect(statSync(file).size).toBeGreaterThan(10_000);
      console.log(`screenshot: ${file}`);
    }
  });
});
