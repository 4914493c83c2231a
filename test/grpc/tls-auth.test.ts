import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Certificates } from "../support/certificates.js";
import { failureOf, TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";

type Posta = Awaited<ReturnType<typeof startServer>>;

const dir = mkdtempSync(join(tmpdir(), "posta-tls-"));
const certificates = new Certificates(dir);
const file = (name: string) => certificates.file(name);
const read = (name: string) => certificates.read(name);

const checkHealth = (client: TestClient) =>
  client.call("grpc.health.v1.Health", "Check", { service: "" }, { deadlineMs: 5000 });

/** Runs with a client on other credentials than the server's own test client has. */
async function withClient<T>(
  posta: Posta,
  channel: ReturnType<typeof credentials.createSsl>,
  run: (client: TestClient) => Promise<T>,
) {
  const client = new TestClient(`localhost:${posta.port}`, channel);
  try {
    return await run(client);
  } finally {
    client.close();
  }
}

beforeAll(() => {
  certificates.makeCa("ca");
  certificates.makeCa("other-ca");
  certificates.make("server", "ca");
  certificates.make("client", "ca");
  certificates.make("stranger", "other-ca");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const serverTls = { POSTA_TLS_CERT_FILE: file("server.pem"), POSTA_TLS_KEY_FILE: file("server.key") };

describe("TLS", () => {
  let posta: Posta;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"), serverTls);
    await posta.serving;
  });
  afterAll(() => posta.stop());

  it("serves a client that trusts its certificate", async () => {
    const answer = await withClient(posta, credentials.createSsl(read("ca.pem")), checkHealth);
    expect(answer.status).toBe("SERVING");
  });

  it("is refused by a client that does not", async () => {
    const error = await withClient(posta, credentials.createSsl(read("other-ca.pem")), (client) =>
      failureOf(checkHealth(client)),
    );
    expect(error.code).toBe(status.UNAVAILABLE);
  });

  it("serves no plain text", async () => {
    const error = await withClient(posta, credentials.createInsecure(), (client) => failureOf(checkHealth(client)));
    expect(error.code).toBe(status.UNAVAILABLE);
  });
});

describe("client certificates", () => {
  let posta: Posta;
  beforeAll(async () => {
    posta = await startServer(inject("redisUrl"), { ...serverTls, POSTA_TLS_CLIENT_CA_FILE: file("ca.pem") });
    await posta.serving;
  });
  afterAll(() => posta.stop());

  it("let in who has one of the CA", async () => {
    const channel = credentials.createSsl(read("ca.pem"), read("client.key"), read("client.pem"));
    expect((await withClient(posta, channel, checkHealth)).status).toBe("SERVING");
  });

  it("keep out who has none, or one of another CA", async () => {
    const none = credentials.createSsl(read("ca.pem"));
    const foreign = credentials.createSsl(read("ca.pem"), read("stranger.key"), read("stranger.pem"));
    for (const channel of [none, foreign]) {
      const error = await withClient(posta, channel, (client) => failureOf(checkHealth(client)));
      expect(error.code).toBe(status.UNAVAILABLE);
    }
  });
});

describe("files that are no good", () => {
  it.each([
    [
      "a certificate that is not there",
      { ...serverTls, POSTA_TLS_CERT_FILE: file("none.pem") },
      /^POSTA_TLS_CERT_FILE: .*none\.pem/,
    ],
    [
      "a CA file without a certificate",
      { ...serverTls, POSTA_TLS_CLIENT_CA_FILE: file("server.key") },
      /^POSTA_TLS_CLIENT_CA_FILE: has no certificate in PEM/,
    ],
    [
      "a key that is not the certificate's",
      { ...serverTls, POSTA_TLS_KEY_FILE: file("client.key") },
      /^POSTA_TLS_CERT_FILE, POSTA_TLS_KEY_FILE: /,
    ],
    [
      "a key without a certificate",
      { POSTA_TLS_KEY_FILE: file("server.key") },
      /^POSTA_TLS_CERT_FILE and POSTA_TLS_KEY_FILE: /,
    ],
    ["a tokens file with a bad line", { POSTA_AUTH_FILE: file("bad-tokens") }, /^POSTA_AUTH_FILE: line 2 /],
    ["a tokens file that is not there", { POSTA_AUTH_FILE: file("no-tokens") }, /^POSTA_AUTH_FILE: /],
  ])("%s stops the start with an error that names the setting", async (_, env, message) => {
    writeFileSync(file("bad-tokens"), "# who\nshop not-a-hash *\n");
    const error = await startServer(inject("redisUrl"), env).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ name: "ConfigError", message: expect.stringMatching(message) });
  });
});

describe("tokens", () => {
  let posta: Posta;
  const hash = (token: string) => createHash("sha256").update(token).digest("hex");
  beforeAll(async () => {
    const lines = [
      "# callers",
      `shop ${hash("shop-token")} orders,mail*`,
      `ops ${hash("ops-token")} *  # all of them`,
      "",
    ];
    writeFileSync(file("tokens"), lines.join("\n"));
    posta = await startServer(inject("redisUrl"), { POSTA_AUTH_FILE: file("tokens") });
    await posta.serving;
    for (const queue of ["orders", "secret"]) await add(queue, "ops-token");
  });
  afterAll(() => posta.stop());

  const bearer = (token: string) => ({ metadata: { authorization: `Bearer ${token}` } });
  const add = (queue: string, token: string) =>
    posta.client.queue("AddJob", { queue, job: { name: "n" } }, bearer(token));

  it.each([
    ["none", {}],
    ["an unknown one", { authorization: "Bearer nobody" }],
    ["the hash itself", { authorization: `Bearer ${hash("shop-token")}` }],
    ["another scheme", { authorization: "Basic shop-token" }],
    ["another scheme before it", { authorization: "Basic Bearer shop-token" }],
    ["an empty one", { authorization: "Bearer " }],
  ])("%s is UNAUTHENTICATED", async (_, metadata) => {
    const error = await failureOf(posta.client.queue("AddJob", { queue: "orders", job: { name: "n" } }, { metadata }));
    expect(error.code).toBe(status.UNAUTHENTICATED);
    expect(error.details).toContain("authorization");
    expect(error.details).not.toContain("nobody");
  });

  it.each([
    ["orders", "shop-token"],
    ["mail", "shop-token"],
    ["mail-urgent", "shop-token"],
    ["anything", "ops-token"],
  ])("allow the queue %s with %s", async (queue, token) => {
    expect((await add(queue, token)).outcome).toBe("OUTCOME_ADDED");
  });

  it.each(["secret", "orders2", "xmail", "Orders"])("refuse the queue %s to who may not use it", async (queue) => {
    const error = await failureOf(add(queue, "shop-token"));
    expect(error.code).toBe(status.PERMISSION_DENIED);
    expect(error.details).toBe(`shop may not use the queue "${queue}"`);
  });

  it("guard every method, reads and changes too", async () => {
    const requests: [string, object][] = [
      ["AddJobs", { jobs: [{ name: "n" }] }],
      ...["GetJob", "ListJobLogs", "RemoveJob", "RetryJob", "PromoteJob", "UpdateJob"].map(
        (method): [string, object] => [method, { jobId: "j" }],
      ),
      ...["GetQueue", "PauseQueue", "ResumeQueue", "DrainQueue", "ObliterateQueue", "SetQueueLimits", "RetryJobs"].map(
        (method): [string, object] => [method, {}],
      ),
      ["ListJobs", { state: "JOB_STATE_WAITING" }],
      ["CleanQueue", { state: "JOB_STATE_WAITING" }],
    ];
    for (const [method, request] of requests) {
      const asked = { queue: "secret", ...request };
      expect((await failureOf(posta.client.queue(method, asked))).code, method).toBe(status.UNAUTHENTICATED);
      expect((await failureOf(posta.client.queue(method, asked, bearer("shop-token")))).code, method).toBe(
        status.PERMISSION_DENIED,
      );
    }
    expect((await failureOf(posta.client.queue("ListQueues", {}))).code).toBe(status.UNAUTHENTICATED);
    const { queue } = (await posta.client.queue("GetQueue", { queue: "secret" }, bearer("ops-token"))) as {
      queue: object;
    };
    expect(queue).toMatchObject({ paused: false, addedTotal: 1 });
  });

  it("keep queues of others out of ListQueues", async () => {
    const list = async (token: string) => {
      const { queues } = await posta.client.queue("ListQueues", {}, bearer(token));
      return queues.map(({ name }: { name: string }) => name);
    };
    expect(await list("ops-token")).toContain("secret");
    expect(await list("shop-token")).toContain("orders");
    expect(await list("shop-token")).not.toContain("secret");
    // Nor does a page's token name them.
    const pageSize = (await list("shop-token")).length;
    const page = await posta.client.queue("ListQueues", { pageSize }, bearer("shop-token"));
    expect(page.nextPageToken).not.toBe("");
    expect(Buffer.from(page.nextPageToken, "base64url").toString()).not.toContain("secret");
  });

  it("name events by the same patterns, each event of a call by itself", async () => {
    const events = ["mail.sent", "secret", "orders"].map((name) => ({ name }));
    const call = (method: string, request: object, token: string) =>
      posta.client.call("posta.analytics.v1.AnalyticsService", method, request, bearer(token));
    const track = () => call("TrackEvents", { events }, "shop-token");
    await expect
      .poll(() =>
        track().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true); // Its store opens beside the queues'.
    const { results } = await track();
    expect(results.map(({ error }: { error: { code: number } | null }) => error?.code)).toEqual([
      undefined,
      status.PERMISSION_DENIED,
      undefined,
    ]);
    const error = await failureOf(call("ListRecentEvents", { name: "secret" }, "shop-token"));
    expect([error.code, error.details]).toEqual([status.PERMISSION_DENIED, 'shop may not use the event "secret"']);
    expect((await call("ListRecentEvents", { name: "secret" }, "ops-token")).events).toEqual([]);
  });

  it("guard a stream: one without a token ends", async () => {
    const stream = posta.client.addStream();
    const code = new Promise((resolve) => stream.on("status", (ending) => resolve(ending.code)));
    stream.on("error", () => {});
    stream.write({ sequence: 1, queue: "orders", jobs: [{ name: "n" }] });
    expect(await code).toBe(status.UNAUTHENTICATED);
  });

  it("are not asked for by health", async () => {
    expect((await checkHealth(posta.client)).status).toBe("SERVING");
  });
});
