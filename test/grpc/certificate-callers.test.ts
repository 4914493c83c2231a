import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Certificates } from "../support/certificates.js";
import { failureOf, TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

const dir = mkdtempSync(join(tmpdir(), "posta-certificates-"));
const certificates = new Certificates(dir);
const releases = useReleases(afterAll);
releases.push(() => rmSync(dir, { recursive: true, force: true }));

let posta: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  for (const ca of ["ca", "other-ca"]) certificates.makeCa(ca);
  certificates.make("server", "ca");
  certificates.make("billing", "ca", { subject: "/O=Acme GmbH/CN=billing" });
  certificates.make("mailer", "ca", { altNames: "DNS:mailer.internal,URI:spiffe://acme/mailer" });
  certificates.make("nobody", "ca");
  certificates.make("forged", "other-ca", { subject: "/O=Acme GmbH/CN=billing" });
  const lines = [
    'billing subject:"CN=billing, O=Acme GmbH" queue:invoices*',
    "mailer san:DNS:mailer.internal queue:mail*",
    `ops ${createHash("sha256").update("ops-token").digest("hex")} queue:*`,
  ];
  writeFileSync(certificates.file("auth"), lines.join("\n"));
  posta = await startServer(inject("redisUrl"), {
    POSTA_TLS_CERT_FILE: certificates.file("server.pem"),
    POSTA_TLS_KEY_FILE: certificates.file("server.key"),
    POSTA_TLS_CLIENT_CA_FILE: certificates.file("ca.pem"),
    POSTA_AUTH_FILE: certificates.file("auth"),
  });
  releases.push(() => posta.stop());
  await posta.serving;
});

/** How a call ends: its outcome, or the code and text of its error. */
type Ending = string | { code: string; details: string };
type AddJob = (certificate: string, queue: string, authorization?: string) => Promise<Ending>;

/** A client on a connection of its own. */
function connect(certificate: string): TestClient {
  const key = certificates.read(`${certificate}.key`);
  const channel = credentials.createSsl(certificates.read("ca.pem"), key, certificates.read(`${certificate}.pem`));
  return new TestClient(`localhost:${posta.port}`, channel);
}

async function addOverGrpc(certificate: string, queue: string, authorization?: string): Promise<Ending> {
  const client = connect(certificate);
  try {
    const metadata = authorization === undefined ? {} : { authorization };
    const adding = client.queue("AddJob", { queue, job: { name: "n" } }, { metadata, deadlineMs: 10_000 });
    return await adding.then(
      ({ outcome }) => outcome,
      async () => {
        const { code, details } = await failureOf(adding);
        return { code: status[code] as string, details };
      },
    );
  } finally {
    client.close();
  }
}

async function addOverHttp(certificate: string, queue: string, authorization?: string): Promise<Ending> {
  const [ca, cert, key] = ["ca.pem", `${certificate}.pem`, `${certificate}.key`].map((name) => certificates.read(name));
  const headers = { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) };
  const agent = new Agent({ ca, cert, key, keepAlive: false });
  const answer = await new Promise<Record<string, string>>((resolve, reject) => {
    const options = { method: "POST", headers, agent };
    const request = httpsRequest(`${posta.httpUrl}/posta.queue.v1.QueueService/AddJob`, options, (response) => {
      resolve(json(response) as Promise<Record<string, string>>);
    });
    request.on("error", reject).end(JSON.stringify({ queue, job: { name: "n" } }));
  });
  const { outcome, code = "", message = "" } = answer;
  return outcome ?? { code: code.toUpperCase(), details: message };
}

const token = "Bearer ops-token";
const unauthenticated = (details: RegExp) => ({ code: "UNAUTHENTICATED", details: expect.stringMatching(details) });

describe.each<[string, AddJob]>([
  ["gRPC", addOverGrpc],
  ["HTTP", addOverHttp],
])("over %s", (_, add) => {
  it("a certificate's subject or alternative name is a caller, with its own rights", async () => {
    expect(await add("billing", "invoices-eu")).toBe("OUTCOME_ADDED");
    expect(await add("mailer", "mail")).toBe("OUTCOME_ADDED");
    const denied = (details: string) => ({ code: "PERMISSION_DENIED", details });
    expect(await add("billing", "mail")).toEqual(denied('billing may not use the queue "mail"'));
    expect(await add("mailer", "invoices")).toEqual(denied('mailer may not use the queue "invoices"'));
  });

  it("a certificate of the CA that no line names is no caller", async () => {
    expect(await add("nobody", "mail")).toEqual(unauthenticated(/certificate is no caller's/));
    expect(await add("nobody", "mail", token)).toBe("OUTCOME_ADDED");
  });

  it("a token goes before the certificate, and a wrong one is refused", async () => {
    expect(await add("billing", "mail", token)).toBe("OUTCOME_ADDED");
    expect(await add("billing", "invoices", "Bearer wrong")).toEqual(unauthenticated(/unknown token/));
    expect(await add("billing", "invoices", "Basic x")).toEqual(unauthenticated(/send "Bearer <token>"/));
    expect(await add("billing", "invoices", "")).toEqual(unauthenticated(/send "Bearer <token>"/));
  });

  it("a certificate of another CA opens nothing, whatever it says", async () => {
    const ending = await add("forged", "invoices").catch((error: Error) => ({
      code: "UNAVAILABLE",
      details: error.message,
    }));
    expect(ending).toMatchObject({ code: "UNAVAILABLE" });
  });
});

it("each call is of its connection's certificate, whatever comes on other connections in between", async () => {
  const [billing, mailer] = [connect("billing"), connect("mailer")];
  const outcomeOf = (client: TestClient, queue: string) =>
    client.queue("AddJob", { queue, job: { name: "n" } }).then(
      ({ outcome }) => outcome,
      ({ details }) => details,
    );
  for (let round = 0; round < 3; round += 1) {
    expect(await outcomeOf(billing, "invoices")).toBe("OUTCOME_ADDED");
    expect(await outcomeOf(mailer, "mail")).toBe("OUTCOME_ADDED");
    expect(await outcomeOf(billing, "mail")).toBe('billing may not use the queue "mail"');
    expect(await outcomeOf(mailer, "invoices")).toBe('mailer may not use the queue "invoices"');
  }
  billing.close();
  const again = connect("nobody");
  expect(await outcomeOf(again, "invoices")).toMatch(/certificate is no caller's/);
  expect(await outcomeOf(mailer, "mail")).toBe("OUTCOME_ADDED");
  for (const client of [again, mailer]) client.close();
});
