import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { openRaw, post, queueService, rawHead, send } from "./client.js";

let posta: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

const call = (method: string, request: object | string, headers?: Record<string, string>) =>
  post(posta.httpUrl, method, request, headers);
const job = { name: "welcome", dataJson: '{"to":"ada"}' };

describe("a call over HTTP", () => {
  it("is answered in JSON", async () => {
    const answer = await call("AddJob", { queue: "mail", job: { ...job, options: { id: "a" } } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(answer.text)).toEqual({ jobId: "a", outcome: "OUTCOME_ADDED" });
  });

  it("leaves what the same call over gRPC leaves", async () => {
    const options = {
      priority: 3,
      delay: "3600.5s",
      attempts: 5,
      backoff: { type: "BACKOFF_TYPE_FIXED", delay: "2s" },
    };
    await call("AddJob", { queue: "same", job: { ...job, options: { ...options, id: "http" } } });
    const overGrpc = {
      ...options,
      delay: { seconds: 3600, nanos: 5e8 },
      backoff: { ...options.backoff, delay: { seconds: 2 } },
      id: "grpc",
    };
    await posta.client.queue("AddJob", { queue: "same", job: { ...job, options: overGrpc } });
    const read = async (jobId: string) => (await posta.client.queue("GetJob", { queue: "same", jobId })).job;
    const [http, grpc] = [await read("http"), await read("grpc")];
    const untimed = { id: "", createTime: null, dueTime: null, optionsJson: "" };
    const optionsOf = ({ optionsJson }: { optionsJson: string }) => ({ ...JSON.parse(optionsJson), jobId: "" });
    expect({ ...http, ...untimed }).toEqual({ ...grpc, ...untimed });
    expect(optionsOf(http)).toEqual(optionsOf(grpc));
  });

  it.each([
    ["lowerCamelCase", { queue: "names", job: { name: "n", dataJson: "1", options: { id: "camel", keepOnFail: {} } } }],
    ["the contract's own names", { queue: "names", job: { name: "n", data_json: "1", options: { id: "snake" } } }],
  ])("takes fields in %s", async (_, request) => {
    expect((await call("AddJob", request)).status).toBe(200);
    const { text } = await call("GetJob", { queue: "names", job_id: request.job.options.id });
    expect(JSON.parse(text).job.dataJson).toBe("1");
  });

  it.each(["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
    "takes the content type %s",
    async (type) => {
      expect((await call("ListQueues", {}, { "content-type": type })).status).toBe(200);
    },
  );

  it("takes and gives binary messages", async () => {
    const { requestSerialize, responseDeserialize } = TestClient.method(queueService, "AddJob");
    const body = requestSerialize({ queue: "mail", job: { ...job, options: { id: "binary" } } });
    const headers = { "content-type": "application/proto" };
    const answer = await fetch(`${posta.httpUrl}/${queueService}/AddJob`, { method: "POST", body, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/proto");
    expect(responseDeserialize(Buffer.from(await answer.arrayBuffer()))).toMatchObject({ jobId: "binary" });
  });

  it("keeps its connection, also after an error", async () => {
    const connection = await openRaw(posta.httpUrl);
    for (const body of ["{}", '{"queue":"mail"', "{}"]) {
      const before = connection.received().length;
      connection.socket.write(rawHead("ListQueues", body.length) + body);
      await expect.poll(() => connection.received().slice(before)).toMatch(/HTTP\/1.1 (200|400).*\r\n\r\n.+/s);
    }
    expect(connection.received()).not.toMatch(/connection: close/i);
    connection.socket.destroy();
  });
});

describe("a bad request", () => {
  it.each([
    ["no JSON", '{"queue":', "request"],
    ["an empty body", "", "request"],
    ["an array", "[]", "request"],
    ["null", "null", "request"],
    ["a key twice", '{"queue":"a","queue":"b"}', "request"],
    ["an unknown field", '{"queue":"mail","jop":{}}', "jop"],
    ["an unknown field within", '{"queue":"mail","job":{"name":"n","options":{"prio":1}}}', "job.options.prio"],
    ["a field in both spellings", '{"queue":"m","job":{"dataJson":"1","data_json":"2"}}', "job"],
    ["a number for a text", '{"queue":7}', "queue"],
    ["a list for a message", '{"queue":"mail","job":[]}', "job"],
    ["a text for a number", '{"queue":"mail","job":{"options":{"priority":"high"}}}', "job.options.priority"],
    ["a fraction for a whole number", '{"queue":"mail","job":{"options":{"priority":1.5}}}', "job.options.priority"],
    ["a number over 32 bits", '{"queue":"mail","job":{"options":{"priority":4294967296}}}', "job.options.priority"],
    ["a wrong duration", '{"queue":"mail","job":{"options":{"delay":"soon"}}}', "job.options.delay"],
    ["half a surrogate pair", '{"queue":"mail","job":{"name":"\\ud800"}}', "job.name"],
    [
      "a value out of range",
      '{"queue":"mail","job":{"name":"n","options":{"priority":9999999}}}',
      "job.options.priority",
    ],
    ["no job", '{"queue":"mail"}', "job"],
  ])("with %s is invalid_argument, and names the field", async (_, body, field) => {
    const answer = await call("AddJob", body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/json");
    const { code, message, details } = JSON.parse(answer.text);
    expect(code).toBe("invalid_argument");
    expect(message).toMatch(new RegExp(`^${field.replaceAll(".", "\\.")}: .`));
    expect(details).toMatchObject([{ type: "google.rpc.BadRequest", debug: { fieldViolations: [{ field }] } }]);
    expect(details[0].value).toMatch(/^[A-Za-z0-9+/]+$/);
  });

  it("with a bad item of many names the item", async () => {
    const answer = await call(
      "AddJobs",
      '{"queue":"mail","jobs":[{"name":"n"},{"name":"n","options":{"attempts":"x"}}]}',
    );
    expect(JSON.parse(answer.text).message).toMatch(/^jobs\[1\]\.options\.attempts: /);
  });

  it("with an unknown enum value names the field and the value", async () => {
    const answer = await call("ListJobs", { queue: "mail", state: "JOB_STATE_NONE" });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).message).toMatch(/^state: .*JOB_STATE_NONE/);
  });

  it("that is not UTF-8 is invalid_argument", async () => {
    const body = Buffer.from([...Buffer.from('{"queue":"'), 0xff, ...Buffer.from('"}')]);
    const headers = { "content-type": "application/json" };
    const answer = await send(`${posta.httpUrl}/${queueService}/GetQueue`, { method: "POST", body, headers });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "invalid_argument", message: "request: is not UTF-8" });
  });

  it.each([8000, 500_000])("that nests %i deep is refused, and the server lives on", async (depth) => {
    for (const field of ["job", "queue", "none"]) {
      const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
      expect((await call("AddJob", `{"${field}":${deep}}`)).status).toBe(400);
    }
    expect((await call("ListQueues", {})).status).toBe(200);
  });

  const list = (item: string, count: number) => `{"jobs":[${Array(count).fill(item).join(",")}]}`;
  const named = (count: number) => `{"jobs":[${Array.from({ length: count }, (_, at) => `{"k${at}":0}`).join(",")}]}`;
  it.each([
    ["nests over 100 deep", `{"a":${"[".repeat(20_000)}`],
    ["nests over 100 deep", '{"a":'.repeat(10_000)],
    ["has over 100000 objects and lists; send fewer items in a request", list("{}", 1_300_000)],
    ["has over 100000 objects and lists; send fewer items in a request", `{"queue":[${"[],".repeat(100_000)}`],
    ["has over 500000 values; send fewer items in a request", list("0", 500_001)],
    ["has over 2000 different names of fields", named(2001)],
    ["has over 2000 different names of fields", named(200_000)],
  ])("that %s is refused before it is built", async (problem, body) => {
    const answer = await call("AddJobs", body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "invalid_argument", message: `request: ${problem}` });
  });

  it("is not what only looks as one within a text", async () => {
    const dataJson = JSON.stringify(`\\"${'{"[:,'.repeat(60_000)}\\`);
    const answer = await call("AddJob", { queue: "texts", job: { name: "n", dataJson, options: { id: "a" } } });
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("OUTCOME_ADDED")]);
  });

  it("is not a full one: 10,000 jobs with all their options", async () => {
    const options = {
      priority: 3,
      delay: "3600s",
      attempts: 5,
      backoff: { type: "BACKOFF_TYPE_FIXED", delay: "2s", jitter: 0.5 },
      keepOnComplete: { age: "3600s", count: 5 },
      keepOnFail: { age: "3600s", count: 5 },
      deduplication: { id: "same", ttl: "60s" },
    };
    const jobs = Array.from({ length: 10_000 }, () => ({ name: "n", dataJson: "1", options }));
    // The last one is refused by its own field: all that stand before it were read.
    const last = { name: "n", options: { attempts: "x" } };
    const answer = await call("AddJobs", { queue: "full", jobs: [...jobs.slice(1), last] });
    expect(JSON.parse(answer.text).message).toMatch(/^jobs\[9999\]\.options\.attempts: /);
  });

  it("that is no protobuf message is invalid_argument", async () => {
    const headers = { "content-type": "application/proto" };
    const body = Buffer.from([0x0a, 0xff, 0xff]);
    const answer = await send(`${posta.httpUrl}/${queueService}/AddJob`, { method: "POST", body, headers });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(answer.text)).toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/^request: /),
    });
  });

  it.each([
    ["connect-protocol-version", "2"],
    ["connect-timeout-ms", "soon"],
    ["connect-timeout-ms", "-1"],
    ["connect-timeout-ms", "12345678901"],
  ])("with the header %s: %s is invalid_argument", async (name, value) => {
    const answer = await call("ListQueues", {}, { [name]: value });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).message).toMatch(new RegExp(`^${name}: "${value}"`));
  });
});

describe("what is no call", () => {
  it.each(["GET", "PUT", "DELETE", "OPTIONS"])("%s of a method is 405, with what is allowed", async (method) => {
    const answer = await send(`${posta.httpUrl}/${queueService}/AddJob`, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it.each([
    undefined,
    "text/plain",
    "application/grpc",
    "application/connect+json",
    "application/json; charset=latin1",
  ])("the content type %s is 415, with what is accepted", async (type) => {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    const body = Buffer.from("{}");
    const answer = await send(`${posta.httpUrl}/${queueService}/AddJob`, { method: "POST", body, headers });
    expect(answer.status).toBe(415);
    expect(answer.headers.get("accept-post")).toBe("application/json, application/proto");
  });

  it.each(["/", "/posta.queue.v1.QueueService/NoJob", "/posta.queue.v2.QueueService/AddJob", "/AddJob", "/__proto__"])(
    "the path %s is 404",
    async (path) => {
      const headers = { "content-type": "application/json" };
      const answer = await send(`${posta.httpUrl}${path}`, { method: "POST", body: "{}", headers });
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.text).code).toBe("unimplemented");
    },
  );

  it("bytes that are no HTTP end their connection, and nothing else", async () => {
    const connection = await openRaw(posta.httpUrl);
    connection.socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await connection.closed;
    expect((await call("ListQueues", {})).status).toBe(200);
  });
});

describe("request ids and metrics", () => {
  const metric = async (name: string, ...labels: string[]) => {
    const lines = (await posta.metrics.metrics()).split("\n");
    const line = lines.find((text) => text.startsWith(`${name}{`) && labels.every((label) => text.includes(label)));
    return Number(line?.split(" ").at(-1) ?? 0);
  };

  it("give back the caller's id, with an answer and with a failure", async () => {
    const headers = { "x-request-id": "mine" };
    expect((await call("ListQueues", {}, headers)).headers.get("x-request-id")).toBe("mine");
    expect((await call("GetQueue", { queue: "none" }, headers)).headers.get("x-request-id")).toBe("mine");
  });

  it("cut an id that is too long, and give a failure one of its own", async () => {
    const long = await call("ListQueues", {}, { "x-request-id": "x".repeat(500) });
    expect(long.headers.get("x-request-id")).toBe("x".repeat(128));
    expect((await call("GetQueue", { queue: "none" })).headers.get("x-request-id")).toMatch(/^[\w-]{16}$/);
  });

  it("count calls and their time by service, method and code", async () => {
    const labels = [`connect_service="${queueService}"`, 'connect_method="PauseQueue"'];
    await call("PauseQueue", { queue: "counted" });
    await call("PauseQueue", { queue: "a:b" });
    expect(await metric("connect_server_started_total", ...labels)).toBe(2);
    expect(await metric("connect_server_handled_total", ...labels, 'connect_code="OK"')).toBe(1);
    expect(await metric("connect_server_handled_total", ...labels, 'connect_code="INVALID_ARGUMENT"')).toBe(1);
    expect(await metric("connect_server_handling_seconds_count", ...labels, 'connect_code="OK"')).toBe(1);
    expect(await metric("grpc_server_started_total", 'grpc_method="PauseQueue"')).toBe(0);
  });

  it("count a caller that goes away as cancelled, and do not add its job", async () => {
    const labels = ['connect_method="AddJob"', 'connect_code="CANCELLED"'];
    const before = await metric("connect_server_handled_total", ...labels);
    const { socket, closed } = await openRaw(posta.httpUrl);
    const body = JSON.stringify({ queue: "gone", job: { name: "n" } });
    const started = await metric("connect_server_started_total", 'connect_method="AddJob"');
    socket.write(rawHead("AddJob", body.length) + body.slice(0, -1));
    await expect.poll(() => metric("connect_server_started_total", 'connect_method="AddJob"')).toBe(started + 1);
    socket.destroy();
    await closed;
    await expect.poll(() => metric("connect_server_handled_total", ...labels)).toBe(before + 1);
    expect((await call("GetQueue", { queue: "gone" })).status).toBe(404);
  });

  it("do not grow with paths that nobody serves", async () => {
    await send(`${posta.httpUrl}/no.such.Service/Method`, { method: "POST" });
    expect(await posta.metrics.metrics()).not.toContain("no.such");
  });
});
