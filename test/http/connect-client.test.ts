import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileRegistry, type DescMessage, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { startRedis } from "../support/redis.js";
import { queueService } from "./client.js";

/** As any user of the contract would, from its descriptors. */
const descriptors = readFileSync(new URL("../../src/gen/contract.binpb", import.meta.url));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
const service = (name: string) => registry.getService(name) as DescService;

type Answer = Record<string, unknown>;
type Call = (method: string, request: object, options?: { timeoutMs: number }) => Promise<Answer>;

interface ClientOptions {
  useBinaryFormat: boolean;
  gzip?: boolean;
}

function clientOf(httpUrl: string, { useBinaryFormat, gzip }: ClientOptions, name = queueService): Call {
  const client = createClient(
    service(name),
    createConnectTransport({
      baseUrl: httpUrl,
      httpVersion: "1.1",
      useBinaryFormat,
      compressMinBytes: 1,
      // The errors of single jobs carry details, which a client can only read if it knows their types.
      jsonOptions: { registry },
      ...(gzip ? { sendCompression: compressionGzip } : {}),
    }),
  );
  const methods = client as unknown as Record<string, (request: object, options?: object) => Promise<Answer>>;
  return (method, request, options) => {
    const call = methods[method];
    if (!call) throw new Error(`no method ${method}`);
    return call(request, options);
  };
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  const outcome = await call.then(
    () => new Error("the call succeeded"),
    (error) => error,
  );
  return ConnectError.from(outcome);
}

describe.each([
  ["JSON", { useBinaryFormat: false }],
  ["binary messages", { useBinaryFormat: true }],
])("a stock Connect client with %s", (_, format) => {
  let posta: Awaited<ReturnType<typeof startServer>>;
  let client: Call;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"));
    client = clientOf(posta.httpUrl, format);
    await posta.serving;
  });
  afterAll(() => posta.stop());

  it("adds a job and reads back what it sent", async () => {
    const options = { id: "one", priority: 7, delay: { seconds: 3600n, nanos: 0 }, attempts: 2 };
    const added = await client("addJob", {
      queue: "mail",
      job: { name: "welcome", dataJson: '{"to":"ada"}', options },
    });
    expect(added).toMatchObject({ jobId: "one", outcome: 1 });
    const { job } = (await client("getJob", { queue: "mail", jobId: "one" })) as { job: object };
    expect(job).toMatchObject({ id: "one", name: "welcome", dataJson: '{"to":"ada"}', priority: 7 });
  });

  it("gets a result for each job of many, with the error of a bad one", async () => {
    const jobs = [{ name: "good" }, { name: "bad", options: { priority: -1 } }];
    const message = expect.stringContaining("jobs[1].options.priority");
    const results = [{ outcome: 1 }, { error: { code: Code.InvalidArgument, message } }];
    expect(await client("addJobs", { queue: "mail", jobs })).toMatchObject({ results });
  });

  it("gets an error's code, message and details", async () => {
    const call = client("addJob", { queue: "mail", job: { name: "n", options: { priority: 9_999_999 } } });
    const error = await failureOf(call);
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toContain("job.options.priority: 9999999");
    const [details] = error.findDetails(registry.getMessage("google.rpc.BadRequest") as DescMessage);
    expect(details).toMatchObject({ fieldViolations: [{ field: "job.options.priority" }] });
    expect(error.metadata.get("x-request-id")).toMatch(/^[\w-]{16}$/);
  });

  it.each([
    [Code.NotFound, "getQueue", { queue: "none" }],
    [Code.NotFound, "getJob", { queue: "mail", jobId: "none" }],
    [Code.AlreadyExists, "addJob", { queue: "mail", job: { name: "other", options: { id: "one" } } }],
    [Code.FailedPrecondition, "retryJob", { queue: "mail", jobId: "one" }],
  ])("gets the code %s of %s", async (code, method, request) => {
    expect((await failureOf(client(method, request))).code).toBe(code);
  });

  it("would be told to use gRPC for a stream", async () => {
    const headers = { "content-type": format.useBinaryFormat ? "application/proto" : "application/json" };
    const answer = await fetch(`${posta.httpUrl}/${queueService}/StreamAddJobs`, { method: "POST", headers });
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ code: "unimplemented", message: expect.stringContaining("gRPC") });
  });

  it("sends compressed requests", async () => {
    const zipped = clientOf(posta.httpUrl, { ...format, gzip: true });
    const dataJson = JSON.stringify({ text: "x".repeat(5000) });
    await zipped("addJob", { queue: "zip", job: { name: "n", dataJson, options: { id: "zipped" } } });
    const { job } = (await client("getJob", { queue: "zip", jobId: "zipped" })) as { job: object };
    expect(job).toMatchObject({ dataJson });
  });

  it("asks for health, of the server and of a service", async () => {
    const health = clientOf(posta.httpUrl, format, "grpc.health.v1.Health");
    expect(await health("check", {})).toMatchObject({ status: 1 });
    expect(await health("check", { service: queueService })).toMatchObject({ status: 1 });
    expect((await failureOf(health("check", { service: "no" }))).code).toBe(Code.NotFound);
  });
});

describe("a Connect client whose server's Redis hangs", () => {
  it("gets deadline_exceeded in time, and its job is not added later", async () => {
    const redis = await startRedis();
    const posta = await startServer(redis.url);
    await posta.serving;
    try {
      const client = clientOf(posta.httpUrl, { useBinaryFormat: false });
      await client("addJob", { queue: "slow", job: { name: "first" } });
      process.kill(redis.pid, "SIGSTOP");
      const begun = performance.now();
      const late = { queue: "slow", job: { name: "late", options: { id: "late" } } };
      const error = await failureOf(client("addJob", late, { timeoutMs: 200 }));
      expect(error.code).toBe(Code.DeadlineExceeded);
      expect(performance.now() - begun).toBeLessThan(2000);
      // The server's own 200 ms began when the call reached it, which was before it failed here.
      await sleep(250);
      process.kill(redis.pid, "SIGCONT");
      await expect
        .poll(() =>
          client("getQueue", { queue: "slow" }).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      expect((await failureOf(client("getJob", { queue: "slow", jobId: "late" }))).code).toBe(Code.NotFound);
    } finally {
      await posta.stop();
      await redis.stop();
    }
  });
});
