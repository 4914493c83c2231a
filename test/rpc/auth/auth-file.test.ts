import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PeerCertificate } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config.js";
import { readCallers } from "../../../src/rpc/auth/auth-file.js";
import { createAuthenticate, requireClientCa } from "../../../src/rpc/auth/authenticate.js";

const dir = mkdtempSync(join(tmpdir(), "posta-auth-file-"));
afterAll(() => rmSync(dir, { recursive: true }));
const hash = (token: string) => createHash("sha256").update(token).digest("hex");

function write(...lines: string[]): string {
  const file = join(dir, "auth");
  writeFileSync(file, lines.join("\n"));
  return file;
}

/** The callers of a file by a token. */
function callerOf(token: string, ...lines: string[]) {
  return createAuthenticate(write(...lines))({
    authorization: `Bearer ${token}`,
    certificate: () => undefined,
  });
}

describe("the file of callers", () => {
  it.each([
    ["no credential", ["shop"], /line 1 is not "name credential patterns"/],
    ["no patterns", ["# who", `shop ${hash("a")}`], /line 2 is not/],
    ["a token itself", ["shop my-secret-token *"], /line 1 is not/],
    ["a word too many", [`shop ${hash("a")} a b`], /line 1 is not/],
    ["one hash twice", [`a ${hash("a")} a`, "", `b ${hash("a")} b`], /line 3 has the credential of line 1/],
    ["one certificate twice", ["a subject:CN=x,O=y a", "b subject:O=y,CN=x b"], /line 2 has the credential of line 1/],
    ["an empty pattern", [`a ${hash("a")} a,,b`], /line 1 has an empty pattern, number 2 of its 3/],
    ["nothing but empty patterns", [`a ${hash("a")} ,`], /line 1 has an empty pattern, number 1 of its 2/],
    ["an empty pattern in quotes", [`a ${hash("a")} ""`], /line 1 has an empty pattern/],
    ["a kind without a pattern", [`a ${hash("a")} a,queue:`], /line 1 has an empty pattern, number 2 of its 2/],
    ["a long pattern", [`a ${hash("a")} ${"a".repeat(257)}`], /line 1 has a pattern of 257 characters, over 256/],
    ["many patterns", [`a ${hash("a")} ${Array(1001).fill("a").join()}`], /line 1 has 1001 patterns, over 1000/],
    ["a long name", [`${"n".repeat(257)} ${hash("a")} a`], /line 1 has a name of 257 characters, over 256/],
    ["an open quote", [`a ${hash("a")} "a`], /line 1 has a quote that is not closed/],
    ["a subject without a value", ["a subject:CN= a"], /line 1 is not/],
    ["an unknown kind of name", ["a san:DirName:x a"], /line 1 is not/],
    ["an address that is none", ["a san:IP:10.0.0.256 a"], /line 1 is not/],
  ])("with %s stops the start, naming the line", (_, lines, message) => {
    let error: unknown;
    try {
      readCallers(write(...lines));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/^POSTA_AUTH_FILE: line /);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("my-secret-token");
  });

  it("has at most 10,000 callers", () => {
    const lines = Array.from({ length: 10_001 }, (_, index) => `c ${hash(String(index))} a`);
    expect(readCallers(write(...lines.slice(1))).tokens.size).toBe(10_000);
    expect(() => readCallers(write(...lines))).toThrow(/line 10001 is one of more than 10000 callers/);
  });

  it("may have comments, quotes, and ends of lines of other systems", () => {
    const lines = [`\uFEFFshop ${hash("a")} "my queue*","a#b"  # mine\r`, "\r", "# all\r", `ops ${hash("b")} *\r`];
    const shop = callerOf("a", ...lines);
    expect(["my queue 1", "a#b", "a", "my"].map((name) => shop.mayUse("queue", name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(callerOf("b", ...lines).name).toBe("ops");
  });

  it("may name a caller on several lines, each with rights of its own", () => {
    const lines = [`shop ${hash("old")} a`, `shop ${hash("new")} a,b`];
    expect([callerOf("old", ...lines), callerOf("new", ...lines)].map((one) => one.mayUse("queue", "b"))).toEqual([
      false,
      true,
    ]);
  });

  it("gives rights to all kinds of names, or to one", () => {
    const caller = callerOf("a", `shop ${hash("a")} both,queue:jobs*,event:mail.*,event:queue:odd,number:100`);
    const rights = (name: string) =>
      (["queue", "event", "number"] as const).filter((kind) => caller.mayUse(kind, name)).join();
    expect(
      Object.fromEntries(["both", "jobs1", "mail.sent", "queue:odd", "100", "queue:jobs"].map((n) => [n, rights(n)])),
    ).toEqual({
      both: "queue,event,number",
      jobs1: "queue",
      "mail.sent": "event",
      "queue:odd": "event",
      "100": "number",
      "queue:jobs": "",
    });
    expect(() => caller.require("event", "jobs1")).toThrow('shop may not use the event "jobs1"');
  });

  it("needs the CA of the certificates that it names", () => {
    const authFile = write("billing subject:CN=billing *");
    expect(() => requireClientCa({ authFile, tlsClientCaFile: undefined })).toThrow(/set POSTA_TLS_CLIENT_CA_FILE/);
    expect(() => requireClientCa({ authFile, tlsClientCaFile: "ca.pem" })).not.toThrow();
  });

  it("knows a certificate that several lines name by the first of them, and each certificate for itself", () => {
    const lines = ["first san:DNS:a *", "second subject:CN=x *", "third san:DNS:b *"];
    const authenticate = createAuthenticate(write(...lines));
    const nameOf = (fingerprint256: string, subjectaltname: string, CN = "y") => {
      const shown = { fingerprint256, subjectaltname, subject: { CN } } as unknown as PeerCertificate;
      return authenticate({ authorization: undefined, certificate: () => shown }).name;
    };
    for (let round = 0; round < 2; round += 1) {
      expect(nameOf("1", "DNS:b, DNS:a", "x")).toBe("first");
      expect(nameOf("2", "DNS:b", "x")).toBe("second");
      expect(nameOf("3", "DNS:b")).toBe("third");
      expect(() => nameOf("4", "DNS:c")).toThrow("certificate is no caller's");
    }
  });

  it("may give a caller many rights: they are found in bounded time", () => {
    const patterns = Array.from({ length: 1000 }, (_, index) => `${"a*".repeat(60)}${index}b`);
    const caller = callerOf("a", `shop ${hash("a")} ${patterns.join()}`);
    const begun = performance.now();
    for (let round = 0; round < 10; round += 1) expect(caller.mayUse("queue", "a".repeat(128))).toBe(false);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
