import { startPosta } from "../../perf/bench/processes.js";
import { RedisServer } from "../../perf/bench/redis-server.js";
import { port } from "./ports.js";

/** Runs a check on a Posta whose queues' Redis the check may stop. Both are stopped after it. */
export async function onPostaWithRedis<Result>(check: (redisServer: RedisServer) => Promise<Result>): Promise<Result> {
  const redisServer = new RedisServer();
  await redisServer.start();
  // The check causes the faults: their log lines are no news.
  const url = `unix://${redisServer.socket}`;
  const settings = { POSTA_QUEUE_REDIS_URL: url, POSTA_EMBEDDED: "missing", POSTA_LOG_LEVEL: "silent" };
  try {
    const posta = await startPosta(port, [], settings);
    try {
      return await check(redisServer);
    } finally {
      await posta.stop();
    }
  } finally {
    await redisServer.stop();
  }
}
