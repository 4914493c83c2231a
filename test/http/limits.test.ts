import { gzipSync } from "node:zlib";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { incomingBytes } from "../support/incoming.js";
import { startServer } from "../support/posta.js";
import { startRedis } from "../support/redis.js";
import { openRaw, post, queueService, rawHead, send } from "./client.js";

const limit = 10_000;
const over = "the request is over 10000 bytes";

describe("a request's size", () => {
  let posta: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"), {
      POSTA_MAX_MESSAGE_BYTES: String(limit),
      POSTA_QUEUE_MAX_JOB_BYTES: "9000",
    });
    await posta.serving;
  });
  afterAll(() => posta.stop());

  const gzipped = (body: Buffer | string) =>
    send(`${posta.httpUrl}/${queueService}/GetQueue`, {
      method: "POST",
      body: Buffer.from(body),
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    });
  /** A body of exactly so many bytes. */
  const bodyOf = (size: number) => `{"queue":"none"${" ".repeat(size - 16)}}`;
  const expectAlive = async () => expect((await post(posta.httpUrl, "ListQueues", {})).status).toBe(200);
  const expectTooLarge = ({ status, text }: { status: number; text: string }) => {
    expect(status).toBe(429);
    expect(JSON.parse(text)).toEqual({ code: "resource_exhausted", message: over });
  };

  it("may reach the limit", async () => {
    expect((await post(posta.httpUrl, "GetQueue", bodyOf(limit))).status).toBe(404);
  });

  it("over the limit is resource_exhausted", async () => {
    expectTooLarge(await post(posta.httpUrl, "GetQueue", bodyOf(limit + 1)));
  });

  it.each([
    [limit, 404],
    [limit + 1, 429],
  ])("of %i bytes without a length is answered with %i", async (size, status) => {
    const { socket, received } = await openRaw(posta.httpUrl);
    const chunks = `${size.toString(16)}\r\n${bodyOf(size)}\r\n0\r\n\r\n`;
    socket.write(`${rawHead("GetQueue", "chunked")}${chunks}`);
    await expect.poll(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    socket.destroy();
  });

  it("is refused by what the headers say, before a byte has come", async () => {
    const { socket, received, closed } = await openRaw(posta.httpUrl);
    socket.write(rawHead("GetQueue", 1 << 30));
    await closed;
    expect(received()).toMatch(/^HTTP\/1.1 429 .*resource_exhausted/s);
  });

  it("is refused as soon as a body without a length is over the limit, and no more of it is kept", async () => {
    const { socket, received, closed } = await openRaw(posta.httpUrl);
    socket.write(rawHead("GetQueue", "chunked"));
    const chunk = `1000\r\n${"x".repeat(0x1000)}\r\n`;
    for (let sent = 0; sent < limit; sent += 0x1000) socket.write(chunk);
    await expect.poll(received).toMatch(/^HTTP\/1.1 429 .*connection: close.*resource_exhausted/is);
    // It never ends, and is cut.
    const more = setInterval(() => socket.write(chunk), 5);
    await closed;
    clearInterval(more);
    await expectAlive();
  });

  it("lets a client that sends all of a large body see the answer", async () => {
    expectTooLarge(await post(posta.httpUrl, "GetQueue", bodyOf(20_000_000)));
  });

  it("counts after decompression: a small bomb is refused", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, " "));
    const small = gzipSync(bodyOf(limit + 1));
    expect(small.length).toBeLessThan(limit);
    expectTooLarge(await gzipped(small));
    expectTooLarge(await gzipped(bomb));
    const nested = gzipSync(Buffer.alloc(5_000_000, " "));
    expect(nested.length).toBeLessThan(limit);
    expectTooLarge(await gzipped(nested));
    await expectAlive();
  });

  it("takes gzip up to the limit", async () => {
    expect((await gzipped(gzipSync(bodyOf(limit)))).status).toBe(404);
  });

  it.each([
    ["no gzip", Buffer.from('{"queue":"none"}')],
    ["a cut gzip", gzipSync('{"queue":"none"}').subarray(0, -9)],
  ])("a body that is %s is invalid_argument", async (_, body) => {
    const answer = await gzipped(body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/^request: is not gzip: /),
    });
  });

  it("in an encoding that is not supported is unimplemented, with what is", async () => {
    const answer = await post(posta.httpUrl, "GetQueue", {}, { "content-encoding": "br" });
    expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([501, "gzip"]);
    expect(JSON.parse(answer.text).message).toMatch(/^content-encoding: "br" /);
  });

  it("is small for a service that needs no token", async () => {
    const open = await startServer(inject("redisUrl"));
    const call = (size: number) =>
      send(`${open.httpUrl}/posta.health.v1.HealthService/GetHealth`, {
        method: "POST",
        body: `{${" ".repeat(size - 2)}}`,
        headers: { "content-type": "application/json" },
      });
    try {
      expect((await call(16 << 10)).status).toBe(200);
      expect(JSON.parse((await call((16 << 10) + 1)).text).message).toBe("the request is over 16384 bytes");
    } finally {
      await open.stop();
    }
  });

  it("of one job is bounded too", async () => {
    const job = { name: "n", dataJson: JSON.stringify("x".repeat(9000)) };
    const answer = await post(posta.httpUrl, "AddJob", { queue: "large", job });
    expect(answer.status).toBe(429);
  });
});

describe("a request's time", () => {
  let posta: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"), { POSTA_DEFAULT_DEADLINE: "400ms", POSTA_MAX_DEADLINE: "800ms" });
    await posta.serving;
  });
  afterAll(() => posta.stop());

  const slow = async (headers: Record<string, string>) => {
    const { socket, received, closed } = await openRaw(posta.httpUrl);
    const begun = performance.now();
    socket.write(`${rawHead("AddJob", 1000, headers)}{"queue":"slow",`);
    await expect.poll(received).toMatch(/^HTTP\/1.1 504 .*connection: close.*deadline_exceeded/is);
    const elapsed = performance.now() - begun;
    await closed;
    return { elapsed, text: received() };
  };

  it("is bounded by the default if the caller does not finish its body", async () => {
    const { elapsed, text } = await slow({});
    expect(text).toContain("the deadline of 400 ms passed");
    expect(elapsed).toBeGreaterThanOrEqual(395);
  });

  it("is what the caller asks for", async () => {
    expect((await slow({ "connect-timeout-ms": "50" })).text).toContain("the deadline of 50 ms passed");
  });

  it("is cut to the maximum, however long the caller would wait", async () => {
    expect((await slow({ "connect-timeout-ms": "9999999999" })).text).toContain("the deadline of 800 ms passed");
  });

  it("may be none at all", async () => {
    const answer = await post(
      posta.httpUrl,
      "AddJob",
      { queue: "none", job: { name: "n" } },
      { "connect-timeout-ms": "0" },
    );
    expect(answer.status).toBe(504);
    expect((await post(posta.httpUrl, "GetQueue", { queue: "none" })).status).toBe(404);
  });

  it("is bounded for headers that do not come", async () => {
    const { socket, received, closed } = await openRaw(posta.httpUrl);
    socket.write("POST /posta.queue.v1.QueueService/AddJob HTTP/1.1\r\nhost: x\r\n");
    await closed;
    expect(received()).toMatch(/^(HTTP\/1.1 408 |$)/);
  });
});

describe("bodies that are on their way", () => {
  const env = {
    POSTA_MAX_MESSAGE_BYTES: "1000000",
    POSTA_QUEUE_MAX_JOB_BYTES: "50000",
    POSTA_MAX_INCOMING_BYTES: "2000000",
  };
  const busy = "over 2000000 bytes of requests are on their way into this server; nothing was done";
  const body = `{"queue":"none"${" ".repeat(800_000)}}`;

  /** A call that has sent all of its body but the last byte. */
  const sendHalf = async (httpUrl: string) => {
    const connection = await openRaw(httpUrl);
    connection.socket.write(rawHead("GetQueue", body.length) + body.slice(0, -1));
    return connection;
  };
  /** Three such calls, for which there is no room together. */
  const sendThree = async (httpUrl: string) => {
    const calls = [await sendHalf(httpUrl), await sendHalf(httpUrl), await sendHalf(httpUrl)];
    const ends = () => calls.map(({ received }) => received());
    await expect.poll(() => ends().filter((end) => end !== "").length, { timeout: 5000 }).toBe(1);
    const [refused] = ends().filter((end) => end !== "");
    expect(refused).toMatch(/^HTTP\/1.1 429 .*"code":"resource_exhausted".*google.rpc.RetryInfo/s);
    expect(refused).toContain(busy);
    return ends;
  };

  it("have a bound together: over it a call is resource_exhausted; calls that end give their bytes back", async () => {
    const posta = await startServer(inject("redisUrl"), { ...env, POSTA_DEFAULT_DEADLINE: "3s" });
    await posta.serving;
    try {
      const ends = await sendThree(posta.httpUrl);
      // A small one has room.
      expect((await post(posta.httpUrl, "GetQueue", { queue: "none" })).status).toBe(404);
      expect(await incomingBytes(posta, "calls")).toBeGreaterThan(800_000);
      await expect.poll(() => ends().sort().at(-1), { timeout: 8000 }).toMatch(/^HTTP\/1.1 504 /);
      await expect.poll(() => incomingBytes(posta, "calls")).toBe(0);
      expect((await post(posta.httpUrl, "GetQueue", body)).status).toBe(404);
    } finally {
      await posta.stop();
    }
  });

  it("make room for others when they take too long", async () => {
    const posta = await startServer(inject("redisUrl"), env);
    await posta.serving;
    try {
      const ends = await sendThree(posta.httpUrl);
      const tryAnother = async () => (await post(posta.httpUrl, "GetQueue", body)).status;
      await expect.poll(tryAnother, { timeout: 8000, interval: 100 }).toBe(404);
      // The one that was refused, and the oldest.
      expect(ends().filter((end) => end.includes(busy))).toHaveLength(2);
    } finally {
      await posta.stop();
    }
  });
});

describe("a connection's age", () => {
  it("is bounded: an answer tells the client to open another", async () => {
    const posta = await startServer(inject("redisUrl"), { POSTA_MAX_CONNECTION_AGE: "1s" });
    const { socket, received, closed } = await openRaw(posta.httpUrl);
    let answers = 0;
    while (!/connection: close/i.test(received())) {
      socket.write("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n");
      answers += 1;
      await expect.poll(() => received().split("HTTP/1.1 200").length - 1).toBe(answers);
    }
    await closed;
    expect(answers).toBeGreaterThan(1);
    await posta.stop();
  });
});

describe("a caller that goes away while its job waits", () => {
  it("does not get it added", async () => {
    const redis = await startRedis();
    const posta = await startServer(redis.url);
    await posta.serving;
    const metric = async (pattern: RegExp) => Number(pattern.exec(await posta.metrics.metrics())?.[1] ?? 0);
    const add = (id: string, signal: AbortSignal | null = null) =>
      fetch(`${posta.httpUrl}/${queueService}/AddJob`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ queue: "wait", job: { name: "n", options: { id } } }),
        signal,
      });
    const client = new Redis({ path: redis.socket });
    try {
      process.kill(redis.pid, "SIGSTOP");
      const first = add("first");
      await expect.poll(() => metric(/connect_server_started_total{.*"AddJob"} (\d+)/), { interval: 5 }).toBe(1);
      const leaving = new AbortController();
      // While the first is on its way to Redis, this one waits for the next batch.
      const second = add("second", leaving.signal).catch((error) => error.name);
      await expect.poll(() => metric(/connect_server_started_total{.*"AddJob"} (\d+)/), { interval: 5 }).toBe(2);
      leaving.abort();
      expect(await second).toBe("AbortError");
      const cancelled = /connect_server_handled_total{.*"AddJob",connect_code="CANCELLED"} (\d+)/;
      await expect.poll(() => metric(cancelled), { interval: 5 }).toBe(1);
      process.kill(redis.pid, "SIGCONT");
      expect((await first).status).toBe(200);
      expect((await add("third")).status).toBe(200);
      const ids = (await client.keys(`${posta.prefix}:wait:*`)).map((key) => key.split(":").at(-1));
      expect(ids).toEqual(expect.arrayContaining(["first", "third"]));
      expect(ids).not.toContain("second");
    } finally {
      client.disconnect();
      await posta.stop();
      await redis.stop();
    }
  });
});
