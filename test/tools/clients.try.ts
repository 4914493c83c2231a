import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loaded, queueService, startLoaded } from "./cluster.js";
import { run } from "./tools.js";

/** Clients that know nothing of Posta, but what reflection or the proto files say. */

let posta: Loaded;
beforeAll(async () => {
  posta = await startLoaded();
});
afterAll(() => posta?.stop());

const good = JSON.stringify({ queue: "emails", job: { name: "welcome", data_json: '{"to":"ada"}' } });
const bad = JSON.stringify({ queue: "a:b", job: { name: "welcome" } });

describe("grpcurl", () => {
  const grpcurl = (...args: string[]) => run("grpcurl", ["-plaintext", ...args]);
  const add = (data: string) => grpcurl("-d", data, posta.target, `${queueService}/AddJob`);

  it("lists the services and describes a method, by reflection", async () => {
    const { output } = await grpcurl(posta.target, "list");
    const services = ["grpc.health.v1.Health", "posta.health.v1.HealthService", queueService];
    for (const service of services) expect(output.split("\n")).toContain(service);
    const described = await grpcurl(posta.target, "describe", `${queueService}.AddJob`);
    expect(described).toMatchObject({ status: 0, output: expect.stringContaining(".posta.queue.v1.AddJobRequest") });
  });

  it("adds a job as the README has it, and is told which field is wrong", async () => {
    expect(await add(good)).toMatchObject({ status: 0, output: expect.stringContaining('"outcome": "OUTCOME_ADDED"') });
    const { status, output } = await add(bad);
    expect(status).toBe(64 + 3); // grpcurl adds the code, INVALID_ARGUMENT.
    expect(output).toMatch(/Code: InvalidArgument[\s\S]*BadRequest[\s\S]*"field": "queue"/);
  });
});

describe("buf curl", () => {
  const add = (data: string, base: string, ...args: string[]) =>
    run("buf", ["curl", ...args, "-d", data, `${base}/${queueService}/AddJob`]);

  it("adds a job over gRPC by reflection, and is told which field is wrong", async () => {
    const overGrpc = (data: string) =>
      add(data, `http://${posta.target}`, "--protocol", "grpc", "--http2-prior-knowledge");
    expect(await overGrpc(good)).toMatchObject({ status: 0, output: expect.stringContaining("OUTCOME_ADDED") });
    const { status, output } = await overGrpc(bad);
    expect(status).not.toBe(0);
    expect(output).toMatch(/invalid_argument[\s\S]*queue/);
  });

  it("does the same by the Connect protocol over HTTP, with the proto files", async () => {
    const overHttp = (data: string) => add(data, posta.cluster.httpUrl, "--schema", "proto");
    expect(await overHttp(good)).toMatchObject({ status: 0, output: expect.stringContaining("OUTCOME_ADDED") });
    const { status, output } = await overHttp(bad);
    expect(status).not.toBe(0);
    expect(output).toMatch(/invalid_argument[\s\S]*queue/);
  });
});
