import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Certificates } from "../support/certificates.js";
import { freshPrefix, startCluster } from "../support/posta.js";

const dir = mkdtempSync(join(tmpdir(), "posta-announce-"));
const certificates = new Certificates(dir);
beforeAll(() => {
  certificates.makeCa("ca");
  certificates.make("server", "ca");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a cluster prints until it is ready. */
async function outputOf(more: Record<string, string>): Promise<string> {
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_QUEUE_PREFIX: freshPrefix(),
    POSTA_TLS_CERT_FILE: certificates.file("server.pem"),
    POSTA_TLS_KEY_FILE: certificates.file("server.key"),
    ...more,
  });
  await cluster.stop();
  return cluster.output();
}

describe("a start with client certificates", () => {
  const ca = { POSTA_TLS_CLIENT_CA_FILE: certificates.file("ca.pem") };

  it("says once that each of them may do everything, unless a file says what callers may do", async () => {
    const warnings = (await outputOf(ca)).match(/POSTA_TLS_CLIENT_CA_FILE is set and POSTA_AUTH_FILE is not/g);
    expect(warnings).toHaveLength(1);
    const file = certificates.file("auth");
    writeFileSync(file, `shop ${createHash("sha256").update("t").digest("hex")} *\n`);
    expect(await outputOf({ ...ca, POSTA_AUTH_FILE: file })).not.toMatch(/POSTA_AUTH_FILE is not/);
    expect(await outputOf({})).not.toMatch(/POSTA_AUTH_FILE is not/);
  });
});
