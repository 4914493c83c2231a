import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { Loop } from "../../../src/background/loop.js";
import { ConfigError } from "../../../src/config/config.js";
import { Token } from "../../../src/message/whatsapp/token.js";
import { useReleases } from "../../support/releases.js";
import { startWhatsApp } from "../../support/whatsapp-server.js";
import { createClient, sender, textBody } from "../setup.js";

let dir: string;
let file: string;
let lines: string[];
const releases = useReleases();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "posta-test-"));
  releases.push(() => rmSync(dir, { recursive: true, force: true }));
  file = join(dir, "token");
  lines = [];
});

function open(source: { whatsappToken?: string; whatsappTokenFile?: string }): Token {
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const token = new Token({ whatsappToken: undefined, whatsappTokenFile: undefined, ...source });
  const times = { name: "POSTA_WHATSAPP_TOKEN_FILE", everyMs: 1000, retryMs: 1000 };
  const loop = new Loop(times, log, () => token.refresh());
  releases.push(() => loop.stop());
  loop.start();
  return token;
}

/** Resolves with the token when it changes. */
function nextChange(token: Token): Promise<string> {
  return new Promise((resolve) => token.once("change", () => resolve(token.value)));
}

describe("a token", () => {
  it("comes from the setting", () => {
    expect(open({ whatsappToken: "abc" }).value).toBe("abc");
  });

  it("comes from a file, without the line's end", () => {
    writeFileSync(file, "abc\n");
    expect(open({ whatsappTokenFile: file }).value).toBe("abc");
  });

  it.each([
    ["is missing", undefined, /^POSTA_WHATSAPP_TOKEN_FILE: ENOENT/],
    ["is empty", " \n", /^POSTA_WHATSAPP_TOKEN_FILE: the file has no token$/],
    ["has more than a token", "abc\nx-header: secret", /^POSTA_WHATSAPP_TOKEN_FILE: a token has only visible ASCII/],
  ])("is a configuration error if its file %s at the start", (_what, content, error) => {
    if (content !== undefined) writeFileSync(file, content);
    const read = () => open({ whatsappTokenFile: file });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(error);
  });

  it.each([
    ["none", {}, /^POSTA_WHATSAPP_TOKEN: is needed/],
    ["one with a space", { whatsappToken: "abc def" }, /^POSTA_WHATSAPP_TOKEN: a token has only visible ASCII/],
  ])("is a configuration error if there is %s", (_what, source, error) => {
    expect(() => open(source)).toThrow(ConfigError);
    expect(() => open(source)).toThrow(error);
  });
});

describe("a token's file", () => {
  it("is read again when it changes, and tells of it", async () => {
    writeFileSync(file, "old");
    const token = open({ whatsappTokenFile: file });
    const changed = nextChange(token);
    writeFileSync(file, "new");
    expect(await changed).toBe("new");
  });

  it("is read again when a link is turned to another, as mounted secrets are changed", async () => {
    writeFileSync(join(dir, "1"), "old");
    writeFileSync(join(dir, "2"), "new");
    symlinkSync("1", file);
    const token = open({ whatsappTokenFile: file });
    const changed = nextChange(token);
    symlinkSync("2", join(dir, "next"));
    renameSync(join(dir, "next"), file);
    expect(await changed).toBe("new");
  });

  it("leaves the last token while it cannot be read, and says so once", async () => {
    writeFileSync(file, "old-token");
    const token = open({ whatsappTokenFile: file });
    unlinkSync(file);
    await expect.poll(() => lines).toHaveLength(1);
    const changed = nextChange(token);
    expect(token.value).toBe("old-token");
    // Two more tries fail before it is back.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    writeFileSync(file, "new-token");
    expect(await changed).toBe("new-token");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("POSTA_WHATSAPP_TOKEN_FILE: ENOENT");
    expect(lines[0]).not.toContain("old-token");
  });

  it("lets sending go on when the token is withdrawn and there is another", async () => {
    const api = await startWhatsApp({ token: "old" });
    releases.push(() => api.stop());
    writeFileSync(file, "old");
    const token = open({ whatsappTokenFile: file });
    const client = createClient(api.url, 5000, token);
    releases.push(() => client.close());
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("accepted");
    api.token = "new";
    expect(await client.send(sender, textBody("id-2"))).toMatchObject({ code: 190, verdict: "stop-sender" });
    const changed = nextChange(token);
    writeFileSync(file, "new");
    await changed;
    expect((await client.send(sender, textBody("id-2"))).kind).toBe("accepted");
  });
});
