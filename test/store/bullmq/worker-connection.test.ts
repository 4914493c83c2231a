import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { readConfig } from "../../../src/config/config.js";
import { openWorkerRedis, untilLost } from "../../../src/store/bullmq/worker-connection.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();

/** A worker's connection by way of a network that can reset it. */
async function openOverNetwork() {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const sockets: Socket[] = [];
  const network = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    const onward = connect(redis.socket).on("error", () => {});
    socket.pipe(onward).pipe(socket);
  });
  network.listen(0, "127.0.0.1");
  await once(network, "listening");
  releases.push(() => network.close());
  const { port } = network.address() as { port: number };
  const config = readConfig({ POSTA_QUEUE_REDIS_URL: `redis://127.0.0.1:${port}` });
  const client = openWorkerRedis(config, createLog("test", "silent"));
  releases.push(() => client.disconnect());
  await once(client, "ready");
  return { client, reset: () => sockets.map((socket) => socket.resetAndDestroy()) };
}

it("a connection that is reset is lost, and no error", async () => {
  const { client, reset } = await openOverNetwork();
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  let lost = false;
  const waiting = untilLost(client).then(() => {
    lost = true;
  });
  await client.ping();
  expect(lost).toBe(false);
  reset();
  await waiting;
  expect(errors[0]).toMatchObject({ code: "ECONNRESET" });
});

it("a connection that is not there counts as lost at once", async () => {
  const config = readConfig({ POSTA_QUEUE_REDIS_URL: "redis://127.0.0.1:1" });
  const client = openWorkerRedis(config, createLog("test", "silent"));
  releases.push(() => client.disconnect());
  await expect(untilLost(client)).resolves.toBeUndefined();
});
