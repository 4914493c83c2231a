import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loaded, startLoaded } from "./cluster.js";

/**
 * The status page in Chromium: Debian's package, or another one that CHROMIUM names by its path. `make try-tools FILE=test/tools/page`
 * runs it. The screenshots are for eyes: where they are is printed.
 */

let posta: Loaded;
let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), "posta-page-"));
beforeAll(async () => {
  posta = await startLoaded();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
});
afterAll(async () => {
  await browser?.close();
  await posta?.stop();
});

const screens = { phone: { width: 390, height: 844 }, wall: { width: 1920, height: 1080 } };
const views = (["phone", "wall"] as const).flatMap((screen) =>
  (["light", "dark"] as const).map((colorScheme) => ({ screen, colorScheme })),
);

/** The page when it has shown its first figures, and what went wrong in it. */
async function open(view: (typeof views)[number]): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage({ viewport: screens[view.screen], colorScheme: view.colorScheme });
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("requestfailed", (request) => problems.push(request.url()));
  await page.goto(posta.cluster.adminUrl);
  await page.getByText("QueueService/AddJob").first().waitFor({ timeout: 30_000 });
  return { page, problems };
}

/** How light the page's ground and its text are, 0 to 255; and by how many pixels it is wider than its window. */
function look(page: Page): Promise<{ ground: number; text: number; overhang: number }> {
  // As text: what runs in the page has the browser's types, not Node's.
  return page.evaluate(`(() => {
    const { documentElement: root, body } = document;
    const painted = [body, root].map((of) => getComputedStyle(of).backgroundColor).find((color) => color !== "rgba(0, 0, 0, 0)");
    const lightness = (color = "") => Math.max(...(color.match(/[0-9.]+/g) ?? []).slice(0, 3).map(Number));
    const overhang = root.scrollWidth - root.clientWidth;
    return { ground: lightness(painted), text: lightness(getComputedStyle(body).color), overhang };
  })()`);
}

describe("Chromium", () => {
  it.each(views)(
    "shows the figures on a $screen, $colorScheme, without an error or a bar to scroll sideways",
    async (view) => {
      const { page, problems } = await open(view);
      expect(await page.locator("#checks li").filter({ hasText: "redis-queue" }).textContent()).toContain("ok");
      expect(await page.locator("#workers tr").textContent()).toContain("0 of 0");
      const { ground, text, overhang } = await look(page);
      expect(overhang).toBe(0);
      expect(view.colorScheme === "dark" ? text - ground : ground - text).toBeGreaterThan(128);
      const path = join(folder, `${view.screen}-${view.colorScheme}.png`);
      await page.screenshot({ path, fullPage: view.screen === "phone" });
      console.log(`screenshot: ${path}`);
      expect(problems).toEqual([]);
      await page.close();
    },
  );

  it("goes on showing what changes, and says so when nothing answers any more", async () => {
    const { page } = await open({ screen: "wall", colorScheme: "light" });
    const first = await page.locator("body").textContent();
    await expect.poll(() => page.locator("body").textContent(), { timeout: 15_000 }).not.toBe(first);
    process.kill(posta.redis.pid, "SIGSTOP");
    await page.locator("#summary").filter({ hasText: "redis-queue: down" }).waitFor({ timeout: 30_000 });
    process.kill(posta.redis.pid, "SIGCONT");
    await page.route("**/*", (route) => route.abort());
    await page.getByText("NO ANSWER").waitFor({ timeout: 30_000 });
    await page.close();
  });
});
