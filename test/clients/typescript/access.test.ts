import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { add, freshQueue, releases, stateOf } from "../../queue/work/work-setup.js";
import { Certificates } from "../../support/certificates.js";
import { start, startAnother } from "./worker-setup.js";

/** How a worker shows who it is, and what it does when it is not let in. */

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "posta-client-"));
  releases.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

it("says that it is refused, and tries again slowly, until its token is right", async () => {
  const file = join(createFolder(), "callers");
  writeFileSync(file, `worker ${createHash("sha256").update("s3cret").digest("hex")} work:leased-*\n`);
  const server = await startAnother({ POSTA_AUTH_FILE: file });
  const address = `127.0.0.1:${server.port}`;
  let token = "wrong";
  const worker = start(freshQueue(), () => {}, { address, token: () => token });
  const [error, ms] = await once(worker, "refused");
  expect(error.message).toMatch(/UNAUTHENTICATED/);
  expect(ms).toBeGreaterThanOrEqual(100); // Half of the longest pause, in these tests.
  token = "no\nheader";
  await expect.poll(() => worker.lines.at(-1)).toMatch(/refused \(.*INVALID_ARGUMENT.*Metadata/);
  token = "s3cret";
  await once(worker, "connected");
  const [denial] = await once(
    start("another-queue", () => {}, { address, token }),
    "refused",
  );
  expect(denial.message).toMatch(/PERMISSION_DENIED/);
});

it("works over TLS, with a certificate of its own", async () => {
  const certificates = new Certificates(createFolder());
  certificates.makeCa("ca");
  certificates.make("server", "ca");
  certificates.make("worker", "ca");
  const server = await startAnother({
    POSTA_TLS_CERT_FILE: certificates.file("server.pem"),
    POSTA_TLS_KEY_FILE: certificates.file("server.key"),
    POSTA_TLS_CLIENT_CA_FILE: certificates.file("ca.pem"),
  });
  const queue = freshQueue();
  const [id] = await add(queue);
  const address = `localhost:${server.port}`;
  const tls = {
    ca: certificates.read("ca.pem"),
    cert: certificates.read("worker.pem"),
    key: certificates.read("worker.key"),
  };
  start(queue, () => {}, { address, tls });
  await expect.poll(() => stateOf(queue, id as string)).toBe("COMPLETED");
  const [error] = await once(
    start(queue, () => {}, { address, tls: true }),
    "disconnected",
  );
  expect(error.message).toMatch(/certificate/);
});
