import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { loadContract } from "../../../src/rpc/contract/contract.js";
import { startServer } from "../../support/posta.js";
import { frame, openByHand } from "../../support/wire-call.js";

const contract = loadContract();
const paths = ["queue.v1.QueueService", "analytics.v1.AnalyticsService", "message.v1.MessageService"].flatMap((name) =>
  Object.values(contract.service(`posta.${name}`)).map(({ path }) => path),
);

describe("a caller without a token", () => {
  const dir = mkdtempSync(join(tmpdir(), "posta-guard-"));
  let posta: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    const file = join(dir, "tokens");
    writeFileSync(file, `shop ${createHash("sha256").update("secret").digest("hex")} *\n`);
    posta = await startServer(inject("redisUrl"), { POSTA_AUTH_FILE: file });
    await posta.serving;
  });
  afterAll(async () => {
    await posta.stop();
    rmSync(dir, { recursive: true });
  });

  it("is refused by every method before its request comes, and the stream is closed", async () => {
    // The callers send no byte and never end their side: what closes the streams is the server.
    const calls = paths.map((path) => ({ path, ...openByHand(posta.port, path) }));
    const answers = calls.map(async ({ path, stream, ended }) => [path, (await ended).code, stream.rstCode]);
    expect(await Promise.all(answers)).toEqual(paths.map((path) => [path, status.UNAUTHENTICATED, 0]));
  });

  it("is refused on a connection that goes on to serve", async () => {
    const { stream, ended, session } = openByHand(posta.port, paths[0] as string);
    stream.on("error", () => {}); // What is written to a stream that is closed.
    for (let part = 0; part < 64; part += 1) stream.write(Buffer.alloc(64 << 10));
    expect((await ended).code).toBe(status.UNAUTHENTICATED);
    session.destroy();
    const health = await posta.client.call("grpc.health.v1.Health", "Check", { service: "" });
    expect(health.status).toBe("SERVING");
  });

  it("has nothing decoded: a wrong token comes before a wrong request", async () => {
    const { stream, ended } = openByHand(posta.port, paths[0] as string, { authorization: "Bearer wrong" });
    stream.on("error", () => {});
    stream.end(frame(Buffer.from([0xff])));
    expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED, message: '"authorization": unknown token' });
  });
});
