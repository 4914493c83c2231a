import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, it } from "vitest";
import { freePort, freshPrefix } from "../support/posta.js";
import { useReleases } from "../support/releases.js";

const script = fileURLToPath(new URL("../../scripts/up.sh", import.meta.url));
const sim = fileURLToPath(new URL("../support/whatsapp-sim.ts", import.meta.url));

const releases = useReleases();

/** What `make up` runs once all is built; it leads a process group of its own, as a terminal's foreground does. */
async function startUp(env: Record<string, string> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), "posta-test-"));
  releases.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("POSTA_"));
  const [grpcPort, httpPort, adminPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = spawn(script, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...Object.fromEntries(inherited),
      POSTA_GRPC_PORT: `${grpcPort}`,
      POSTA_HTTP_PORT: `${httpPort}`,
      POSTA_ADMIN_PORT: `${adminPort}`,
      POSTA_DATA_DIR: dataDir,
      POSTA_SERVERS: "1",
      POSTA_DELIVERIES: "0",
      POSTA_QUEUE_PREFIX: freshPrefix(),
      POSTA_QUEUE_REDIS_URL: inject("redisUrl"),
      POSTA_ANALYTICS_REDIS_URL: inject("redisUrl"),
      POSTA_DATABASE_URL: inject("postgresUrl"),
      ...env,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = once(child, "exit");
  releases.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  });
  await expect.poll(() => output).toMatch(/^posta: gRPC/m);
  return { child, ended, output: () => output };
}

function standInOf(output: string): string | undefined {
  return /messages go to a stand-in on (\S+), and not to WhatsApp/.exec(output)?.[1];
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/ledger`).then(
    () => true,
    () => false,
  );
}

it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "without a token starts a stand-in that says so, and ends with Posta, even by %s",
  async (signal) => {
    const up = await startUp();
    const url = standInOf(up.output()) as string;
    expect(await answers(url)).toBe(true);
    // Ctrl-C goes to the whole group.
    process.kill(signal === "SIGINT" ? -(up.child.pid as number) : (up.child.pid as number), signal);
    await up.ended;
    await expect.poll(() => answers(url)).toBe(false);
  },
);

it("runs the stand-in with the settings that there are, and says what a message was without its whole number", async () => {
  const env = { ...process.env, PORT: "0", POSTA_WHATSAPP_SENDERS: "12345, 67890", POSTA_WHATSAPP_TOKEN: "token" };
  const child = spawn(process.execPath, ["--import", "tsx", sim, "attached"], { env, stdio: "pipe" });
  const ended = once(child, "exit");
  releases.push(() => child.kill("SIGKILL"));
  const output = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (output.out += chunk));
  child.stderr.on("data", (chunk) => (output.err += chunk));
  await expect.poll(() => output.out).toMatch(/\n\n$/);
  const settings = Object.fromEntries(
    output.out
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  );
  expect(settings).toMatchObject({ POSTA_WHATSAPP_SENDERS: "12345, 67890", POSTA_WHATSAPP_TOKEN: "token" });
  const statuses = ["12345", "67890", "11111"].map((sender) => post(settings.POSTA_WHATSAPP_URL, sender));
  expect(await Promise.all(statuses)).toEqual([200, 200, 400]);
  await expect.poll(() => output.err).toContain("text from 12345 to ***4567, without an id");
  expect(output.err).not.toContain("15551234567");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) child.kill(signal);
  expect(await post(settings.POSTA_WHATSAPP_URL, "12345")).toBe(200);
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
});

async function post(url: string, sender: string): Promise<number> {
  const body = JSON.stringify({ messaging_product: "whatsapp", to: "15551234567", text: { body: "x" } });
  const headers = { authorization: "Bearer token" };
  return (await fetch(`${url}/v26.0/${sender}/messages`, { method: "POST", headers, body })).status;
}

it.each([
  [{ POSTA_WHATSAPP_TOKEN: "token" }],
  [{ POSTA_WHATSAPP_URL: "http://127.0.0.1:9", POSTA_WHATSAPP_SENDERS: "12345" }],
])("starts none with %j", async (env) => {
  const up = await startUp(env);
  expect(standInOf(up.output())).toBeUndefined();
});
