import { once } from "node:events";
import { connect, constants } from "node:http2";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

async function open(drainTimeout: string) {
  const posta = await startServer(inject("redisUrl"), { POSTA_DRAIN_TIMEOUT: drainTimeout });
  await posta.serving;
  return posta;
}

it("cuts off a call whose caller takes no answer, when the time to drain is over", async () => {
  const posta = await open("500ms");
  // Without a window the answer never leaves the server.
  const session = connect(`http://127.0.0.1:${posta.port}`, { settings: { initialWindowSize: 0 } });
  session.on("error", () => {}); // So the end shows here.
  releases.push(() => session.destroy());
  const call = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  });
  call.on("error", () => {});
  call.end(Buffer.alloc(5)); // An empty message.
  await once(call, "response");
  const cut = new Promise((resolve) => call.once("close", resolve)); // An error comes before it.
  await posta.stop();
  await cut;
  expect(call.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
});

it("ends reflection, which its callers may keep open", async () => {
  const posta = await open("60s");
  const client = new Client(`127.0.0.1:${posta.port}`, credentials.createInsecure());
  releases.push(() => client.close());
  const asIs = (bytes: Buffer) => bytes;
  const stream = client.makeBidiStreamRequest("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", asIs, asIs);
  stream.write(Buffer.from([0x3a, 0x01, 0x2a])); // list_services: "*"
  await once(stream, "data");
  const ended = once(stream, "end");
  await posta.stop();
  expect(await ended).toEqual([]);
});
