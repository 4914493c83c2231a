import { describe, expect, it } from "vitest";
import { type Config, ConfigError, readConfig } from "../../src/config/config.js";

/** What is wrong with an environment, a line for each problem. */
function problemsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split("\n");
  }
  return [];
}

const tls = { POSTA_TLS_CERT_FILE: "cert.pem", POSTA_TLS_KEY_FILE: "key.pem" };

describe("readConfig", () => {
  it("needs no setting, and listens on loopback then", () => {
    const config = readConfig({});
    expect(config).toMatchObject({ host: "127.0.0.1", grpcPort: 50051, adminHost: "127.0.0.1", adminPort: 9464 });
    expect(config).toMatchObject({
      queuePrefix: "bull",
      drainTimeoutMs: 20_000,
      maxMessageBytes: 4 << 20,
      insecure: false,
    });
    expect(config.queueRedisUrl).toBeUndefined();
    expect(config.servers).toBeGreaterThanOrEqual(1);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("takes an empty variable for one that is not set, and leaves others alone", () => {
    expect(readConfig({ POSTA_GRPC_PORT: "", POSTA_QUEUE_REDIS_URL: "", PATH: "/bin", XPOSTA_TYPO: "1" })).toEqual(
      readConfig({}),
    );
  });

  it("leaves alone what Kubernetes sets for a Service that is called posta", () => {
    const links = {
      POSTA_SERVICE_HOST: "10.0.0.1",
      POSTA_SERVICE_PORT_GRPC: "50051",
      POSTA_PORT: "tcp://10.0.0.1:50051",
    };
    expect(readConfig({ ...links, POSTA_PORT_50051_TCP_ADDR: "10.0.0.1" })).toEqual(readConfig({}));
    expect(problemsOf({ POSTA_PORT: "50051" })).toHaveLength(1);
  });

  it.each<[string, string, keyof Config, unknown]>([
    ["POSTA_GRPC_PORT", "65535", "grpcPort", 65535],
    ["POSTA_SERVERS", "1", "servers", 1],
    ["POSTA_DRAIN_TIMEOUT", "0ms", "drainTimeoutMs", 0],
    ["POSTA_REDIS_TIMEOUT", "250ms", "redisTimeoutMs", 250],
    ["POSTA_DEFAULT_DEADLINE", "2s", "defaultDeadlineMs", 2000],
    ["POSTA_MAX_CONNECTION_AGE", "30m", "maxConnectionAgeMs", 1_800_000],
    ["POSTA_MAX_CONNECTION_AGE", "24h", "maxConnectionAgeMs", 86_400_000],
    ["POSTA_ANALYTICS_MAX_MEMORY", "16mb", "analyticsMaxMemory", 16 * 1024 ** 2],
    ["POSTA_ANALYTICS_MAX_MEMORY", "64GB", "analyticsMaxMemory", 64 * 1024 ** 3],
    ["POSTA_ANALYTICS_MAX_MEMORY", "16777216", "analyticsMaxMemory", 16 * 1024 ** 2],
    ["POSTA_MAX_MESSAGE_BYTES", "4194304", "maxMessageBytes", 4 << 20],
    ["POSTA_MAX_MESSAGE_BYTES", "1024kb", "maxMessageBytes", 1 << 20],
    ["POSTA_QUEUE_MAX_JOB_BYTES", "2mb", "maxJobBytes", 2 << 20],
    ["POSTA_MAX_JOB_BYTES", "2097152", "maxJobBytes", 2 << 20],
    ["POSTA_MAX_SESSION_BYTES", "32mb", "maxSessionBytes", 32 << 20],
    ["POSTA_MAX_SESSION_MEMORY", "32", "maxSessionBytes", 32 << 20],
    ["POSTA_SPOOL_MAX_JOBS", "0", "spoolMaxJobs", 0],
    ["POSTA_DELIVERIES", "0", "deliveries", 0],
    ["POSTA_INSECURE", "1", "insecure", true],
    ["POSTA_INSECURE", "0", "insecure", false],
    ["POSTA_LOG_LEVEL", "silent", "logLevel", "silent"],
    ["POSTA_METRICS_MAX_QUEUES", "0", "metricsMaxQueues", 0],
    ["POSTA_METRICS_INTERVAL", "10s", "metricsIntervalMs", 10_000],
  ])("reads %s=%s", (variable, value, key, expected) => {
    expect(readConfig({ [variable]: value })[key]).toBe(expected);
  });

  it.each([
    ["POSTA_GRPC_PORT", "0"],
    ["POSTA_GRPC_PORT", "65536"],
    ["POSTA_SERVERS", "abc"],
    ["POSTA_SERVERS", "0"],
    ["POSTA_SERVERS", "257"],
    ["POSTA_SERVERS", "1.5"],
    ["POSTA_SERVERS", "-1"],
    ["POSTA_SERVERS", "1e2"],
    ["POSTA_SERVERS", " 2"],
    ["POSTA_DRAIN_TIMEOUT", "20"],
    ["POSTA_DRAIN_TIMEOUT", "20 s"],
    ["POSTA_DRAIN_TIMEOUT", "-1s"],
    ["POSTA_DRAIN_TIMEOUT", "25h"],
    ["POSTA_METRICS_INTERVAL", "11s"],
    ["POSTA_REDIS_TIMEOUT", "99ms"],
    ["POSTA_MAX_MESSAGE_BYTES", "1023"],
    ["POSTA_MAX_MESSAGE_BYTES", "4 mb"],
    ["POSTA_MAX_MESSAGE_BYTES", "1tb"],
    ["POSTA_MAX_MESSAGE_BYTES", "2gb"],
    ["POSTA_MAX_JOB_BYTES", "0"],
    ["POSTA_MAX_SESSION_MEMORY", "much"],
    ["POSTA_ANALYTICS_MAX_MEMORY", "2"],
    ["POSTA_ANALYTICS_MAX_MEMORY", "15mb"],
    ["POSTA_ANALYTICS_MAX_MEMORY", "99999999999gb"],
    ["POSTA_DATABASE_POOL", "0"],
    ["POSTA_INSECURE", "true"],
    ["POSTA_LOG_LEVEL", "loud"],
  ])("refuses %s=%s by name and value", (variable, value) => {
    const problems = problemsOf({ [variable]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${variable}: "${value}" is `));
  });

  it("names everything that is wrong at once, misspelt variables too", () => {
    const problems = problemsOf({ POSTA_SERVERS: "abc", POSTA_GRPC_PORT: "x", POSTA_TYPO: "1" });
    expect(problems.map((problem) => problem.split(":")[0]).sort()).toEqual([
      "POSTA_GRPC_PORT",
      "POSTA_SERVERS",
      "POSTA_TYPO",
    ]);
  });
});

describe("a setting that was renamed", () => {
  it("keeps its old name", () => {
    const old = { POSTA_MAX_PENDING_JOBS: "7", POSTA_ANALYTICS_RECENT: "8" };
    const renamed = { POSTA_QUEUE_MAX_PENDING: "7", POSTA_ANALYTICS_MAX_RECENT: "8" };
    expect(readConfig(old)).toEqual(readConfig(renamed));
    expect(readConfig(old)).not.toEqual(readConfig({}));
  });

  it("is refused under both names at once, whatever their values", () => {
    const [problem, ...others] = problemsOf({ POSTA_MAX_PENDING_JOBS: "7", POSTA_QUEUE_MAX_PENDING: "7" });
    expect(problem).toBe(
      "POSTA_MAX_PENDING_JOBS: is the old name of POSTA_QUEUE_MAX_PENDING, which is set, too; remove POSTA_MAX_PENDING_JOBS",
    );
    expect(others).toEqual([]);
  });
});

describe("the rules between settings", () => {
  it.each<[string, Record<string, string>]>([
    ["POSTA_ANALYTICS_HOT", { POSTA_ANALYTICS_HOT: "6h", POSTA_ANALYTICS_MAX_AGE: "3h" }],
    ["POSTA_HOST", { POSTA_HOST: "0.0.0.0" }],
    ["POSTA_HOST", { POSTA_HOST: "::" }],
    ["POSTA_HOST", { POSTA_HOST: "127.0.0.1.example.org" }],
    ["POSTA_HOST", { POSTA_HOST: "0.0.0.0", ...tls }],
    ["POSTA_HOST", { POSTA_HOST: "0.0.0.0", POSTA_AUTH_FILE: "tokens" }],
    ["POSTA_ADMIN_HOST", { POSTA_ADMIN_HOST: "0.0.0.0" }],
    ["POSTA_ADMIN_HOSTS", { POSTA_ADMIN_HOSTS: "posta, http://posta:9464" }],
    ["POSTA_ADMIN_HOSTS", { POSTA_ADMIN_HOSTS: "posta:9464" }],
    ["POSTA_ADMIN_HOSTS", { POSTA_ADMIN_HOSTS: "*.example.org" }],
    ["POSTA_GRPC_PORT, POSTA_ADMIN_PORT", { POSTA_GRPC_PORT: "9464" }],
    ["POSTA_TLS_CERT_FILE", { POSTA_TLS_CERT_FILE: "cert.pem" }],
    ["POSTA_TLS_CERT_FILE", { POSTA_TLS_KEY_FILE: "key.pem" }],
    ["POSTA_TLS_CLIENT_CA_FILE", { POSTA_TLS_CLIENT_CA_FILE: "ca.pem" }],
    ["POSTA_DEFAULT_DEADLINE", { POSTA_DEFAULT_DEADLINE: "2m" }],
    ["POSTA_MAX_INCOMING_BYTES", { POSTA_MAX_INCOMING_BYTES: String((8 << 20) - 1) }],
    ["POSTA_QUEUE_MAX_JOB_BYTES", { POSTA_QUEUE_MAX_JOB_BYTES: String((4 << 20) + 1) }],
    ["POSTA_DATABASE_URL", { POSTA_DATABASE_URL: "mysql://localhost" }],
    ["POSTA_DATABASE_URL", { POSTA_DATABASE_URL: "postgresql://u:pw@127.0.0.1:99999/db" }],
    ["POSTA_QUEUE_PREFIX", { POSTA_QUEUE_REDIS_URL: "redis+cluster://h1,h2" }],
    ["POSTA_QUEUE_PREFIX", { POSTA_QUEUE_REDIS_URL: "redis+cluster://h1,h2", POSTA_QUEUE_PREFIX: "{}" }],
  ])("name %s for %j", (variable, env) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${variable}\\b`));
  });

  it.each<[Record<string, string>]>([
    [{ POSTA_HOST: "localhost" }],
    [{ POSTA_DATABASE_URL: "postgresql:///db?host=/run/postgresql" }],
    [{ POSTA_DATABASE_URL: "postgresql://posta@/posta?host=/run/postgresql" }],
    [{ POSTA_DATABASE_URL: "postgresql://posta:secret@/posta?host=/run/postgresql" }],
    [{ POSTA_DATABASE_URL: "postgres://u:p%40ss@[::1]:5432/db" }],
    [{ POSTA_HOST: "::1" }],
    [{ POSTA_HOST: "127.8.9.10" }],
    [{ POSTA_ADMIN_HOSTS: "posta,posta.monitoring.svc, posta_1.example.org." }],
    [{ POSTA_HOST: "0.0.0.0", POSTA_ADMIN_HOST: "0.0.0.0", POSTA_INSECURE: "1" }],
    [{ POSTA_HOST: "0.0.0.0", ...tls, POSTA_AUTH_FILE: "tokens" }],
    [{ POSTA_HOST: "0.0.0.0", ...tls, POSTA_TLS_CLIENT_CA_FILE: "ca.pem" }],
    [{ POSTA_DEFAULT_DEADLINE: "60s" }],
    [{ POSTA_QUEUE_REDIS_URL: "redis+cluster://h1,h2", POSTA_QUEUE_PREFIX: "{bull}" }],
  ])("let %j pass", (env) => {
    expect(problemsOf(env)).toEqual([]);
  });
});

it("the bytes that come in are twice a message, unless the setting says so", () => {
  expect(readConfig({}).maxIncomingBytes).toBe(128 << 20);
  expect(readConfig({ POSTA_MAX_MESSAGE_BYTES: String(1 << 30) }).maxIncomingBytes).toBe(2 ** 31);
  expect(readConfig({ POSTA_MAX_INCOMING_BYTES: String(8 << 20) }).maxIncomingBytes).toBe(8 << 20);
});
