import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { type StatusObject, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { analyticsService } from "../analytics/setup.js";
import { messageService } from "../message/service-setup.js";
import { TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const queueService = "posta.queue.v1.QueueService";

type Posta = Awaited<ReturnType<typeof startServer>>;

/** Watches a service's health: every status so far, and a wait for the next. */
function watch(client: TestClient, service: string) {
  const stream = client.watchHealth(service);
  const statuses: string[] = [];
  stream.on("data", (answer: { status: string }) => statuses.push(answer.status));
  stream.on("error", () => {}); // Each test cancels it.
  return { stream, statuses };
}

describe("health", () => {
  let posta: Posta;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"), { POSTA_DATABASE_URL: inject("postgresUrl") });
    await posta.serving;
  });
  afterAll(() => posta.stop());

  const health = (method: string, request: object) => posta.client.call("grpc.health.v1.Health", method, request);

  it.each(["", queueService])("Check tells of the service %j", async (service) => {
    expect(await health("Check", { service })).toEqual({ status: "SERVING" });
  });

  it("Check answers NOT_FOUND for a service that is not here, and names it", async () => {
    await expect(health("Check", { service: "no.such.Service" })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: expect.stringContaining('"no.such.Service"'),
    });
  });

  it("List tells of all services", async () => {
    const serving = { status: "SERVING" };
    await expect
      .poll(() => health("List", {}))
      .toEqual({
        statuses: {
          "": serving,
          [queueService]: serving,
          "posta.queue.v1.WorkerService": serving,
          [analyticsService]: serving,
          [messageService]: serving,
          "posta.health.v1.HealthService": serving,
        },
      });
  });

  it.each([
    ["", "SERVING"],
    [queueService, "SERVING"],
    ["no.such.Service", "SERVICE_UNKNOWN"],
  ])("Watch first tells how %j is now", async (service, wanted) => {
    const { stream, statuses } = watch(posta.client, service);
    await once(stream, "data");
    stream.cancel();
    expect(statuses).toEqual([wanted]);
  });
});

describe("health while Redis comes and goes", () => {
  const releases = useReleases();

  async function setUp() {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const posta = await startServer(redis.url);
    releases.push(() => posta.stop());
    await posta.serving;
    return { redis, posta };
  }

  it("Watch tells each change once", async () => {
    const { redis, posta } = await setUp();
    const overall = watch(posta.client, "");
    const queues = watch(posta.client, queueService);
    await Promise.all([once(overall.stream, "data"), once(queues.stream, "data")]);

    const lost = Promise.all([once(overall.stream, "data"), once(queues.stream, "data")]);
    await redis.kill();
    await lost;
    expect(await posta.client.call("grpc.health.v1.Health", "Check", { service: "" })).toEqual({
      status: "NOT_SERVING",
    });

    const back = Promise.all([once(overall.stream, "data"), once(queues.stream, "data")]);
    await redis.restart();
    await back;
    // A status that was told twice would be here too: it would have come before this answer on the same connection.
    expect(await posta.client.call("grpc.health.v1.Health", "Check", { service: "" })).toEqual({ status: "SERVING" });
    for (const { stream, statuses } of [overall, queues]) {
      expect(statuses).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
      stream.cancel();
    }
  });

  it("Watch says NOT_SERVING before a stopping server ends it", async () => {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const posta = await startServer(redis.url);
    await posta.serving;
    // A client of the test's own: the server's closes with it.
    const client = new TestClient(`127.0.0.1:${posta.port}`);
    const { stream, statuses } = watch(client, queueService);
    await once(stream, "data");
    // Not once(): it rejects for the stream's error, which comes first.
    const ended = new Promise<StatusObject>((resolve) => stream.on("status", resolve));
    await posta.stop();
    const { code } = await ended;
    expect(statuses).toEqual(["SERVING", "NOT_SERVING"]);
    expect(code).toBe(status.UNAVAILABLE);
    client.close();
  });
});

describe("reflection", () => {
  let posta: Posta;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"));
  });
  afterAll(() => posta.stop());

  const packageDir = join(createRequire(import.meta.url).resolve("@grpc/reflection"), "../../..");

  function openReflection(version: string) {
    const file = join(packageDir, `build/proto/grpc/reflection/${version}/reflection.proto`);
    const definition = loadSync(file, { longs: Number, enums: String, defaults: true, oneofs: true });
    const service = definition[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
    const { path, requestSerialize, responseDeserialize } = service.ServerReflectionInfo as ServiceDefinition[string];
    return posta.client.raw.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  /** One question to the reflection service, as grpcurl asks it. */
  async function reflect(version: string, question: object) {
    const stream = openReflection(version);
    stream.write(question);
    const [answer] = await once(stream, "data");
    stream.end();
    await once(stream, "status");
    return answer;
  }

  it.each(["v1", "v1alpha"])("%s lists the services", async (version) => {
    const { listServicesResponse } = await reflect(version, { listServices: "*" });
    const names = listServicesResponse.service.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["grpc.health.v1.Health", queueService]));
  });

  it("gives the files that a service is made of", async () => {
    const { fileDescriptorResponse } = await reflect("v1", { fileContainingSymbol: queueService });
    const files: Buffer[] = fileDescriptorResponse.fileDescriptorProto;
    const all = Buffer.concat(files);
    // The service's own method, a message it takes, and one of the files that it imports.
    for (const name of ["StreamAddJobs", "JobOptions", "google.protobuf"]) expect(all.includes(name)).toBe(true);
  });

  it("takes so many questions on a stream, and then ends the stream", async () => {
    const stream = openReflection("v1");
    let answers = 0;
    stream.on("data", () => {
      answers += 1;
    });
    const ended = once(stream, "error");
    for (let asked = 0; asked < 100_000; asked += 1) stream.write({ fileContainingSymbol: "no.such.Service" });
    const [{ code, details }] = await ended;
    expect({ code, details }).toEqual({
      code: status.RESOURCE_EXHAUSTED,
      details: "over 1000 questions came on the stream; open another",
    });
    expect(answers).toBeLessThanOrEqual(1001);
  });

  it("answers an error for a symbol that is not there", async () => {
    const { errorResponse } = await reflect("v1", { fileContainingSymbol: "no.such.Service" });
    expect(errorResponse.errorCode).toBe(status.NOT_FOUND);
  });
});
