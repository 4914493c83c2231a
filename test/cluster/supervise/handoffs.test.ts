import { once } from "node:events";
import { connect } from "node:net";
import { expect, inject, it, onTestFinished } from "vitest";
import { startCluster } from "../../support/posta.js";

it("a connection that a server was given and did not live to take is closed, and the next one is served", async () => {
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
    POSTA_SERVERS: "1",
    POSTA_LOG_LEVEL: "silent",
  });
  onTestFinished(() => cluster.stop());
  const [pid] = await cluster.serverPids();
  process.kill(pid as number, "SIGSTOP");
  const socket = connect(cluster.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  // By its answer the primary has given the connection away.
  await cluster.health();
  const closed = once(
    socket.on("error", () => {}),
    "close",
  );
  process.kill(pid as number, "SIGKILL");
  await closed;
  const isServed = () =>
    fetch(`${cluster.httpUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isServed).toBe(true);
});
