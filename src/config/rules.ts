import { isLoopback } from "./loopback.js";
import type { Config } from "./settings.js";

/** Checks settings that must fit together. Answers the variable and the fix; undefined: the settings fit. */
type Rule = (config: Config) => string | undefined;

/** How long Redis must keep an hour after the last possible event of that hour, so that the roll-up can read it. */
const minRollUpMs = 4 * 3_600_000;

const transport: Rule[] = [
  ({ tlsCertFile, tlsKeyFile }) =>
    failIf(
      Boolean(tlsCertFile) !== Boolean(tlsKeyFile),
      "POSTA_TLS_CERT_FILE and POSTA_TLS_KEY_FILE: set both or neither",
    ),
  ({ tlsClientCaFile, tlsCertFile }) =>
    failIf(
      tlsClientCaFile !== undefined && !tlsCertFile,
      "POSTA_TLS_CLIENT_CA_FILE: needs POSTA_TLS_CERT_FILE and POSTA_TLS_KEY_FILE",
    ),
  ({ host, tlsCertFile, authFile, tlsClientCaFile, insecure }) =>
    failIf(
      !isLoopback(host) && !(tlsCertFile && (authFile || tlsClientCaFile)) && !insecure,
      `POSTA_HOST: ${host} is not loopback: set POSTA_TLS_CERT_FILE, POSTA_TLS_KEY_FILE and POSTA_AUTH_FILE (or POSTA_TLS_CLIENT_CA_FILE), or POSTA_INSECURE=1`,
    ),
  ({ adminHost, insecure }) =>
    failIf(
      !isLoopback(adminHost) && !insecure,
      `POSTA_ADMIN_HOST: ${adminHost} is not loopback, and the admin port has no auth: set POSTA_INSECURE=1 if only trusted hosts reach it`,
    ),
  ({ adminHosts }) => {
    const bad = adminHosts.find((name) => !/^[\w-]+(\.[\w-]+)*\.?$/.test(name));
    return failIf(
      bad !== undefined,
      `POSTA_ADMIN_HOSTS: "${bad}" is not a host name; leave out the scheme, the port and wildcards`,
    );
  },
  ({ grpcPort, httpPort, adminPort }) => {
    const ports = { POSTA_GRPC_PORT: grpcPort, POSTA_HTTP_PORT: httpPort, POSTA_ADMIN_PORT: adminPort };
    const shared = Object.entries(ports).filter(
      ([, port], _, all) => all.filter(([, other]) => other === port).length > 1,
    );
    const names = shared.map(([name]) => name).join(", ");
    return failIf(shared.length > 0, `${names}: are the same, ${shared[0]?.[1]}; give each its own`);
  },
];

const limits: Rule[] = [
  ({ defaultDeadlineMs, maxDeadlineMs }) =>
    failIf(
      defaultDeadlineMs > maxDeadlineMs,
      "POSTA_DEFAULT_DEADLINE: is over POSTA_MAX_DEADLINE; lower it, or raise the other",
    ),
  ({ maxMessageBytes, maxIncomingBytes }) =>
    failIf(
      2 * maxMessageBytes > maxIncomingBytes,
      `POSTA_MAX_INCOMING_BYTES: is less than twice POSTA_MAX_MESSAGE_BYTES; raise it to ${2 * maxMessageBytes}, or lower the other`,
    ),
  ({ maxJobBytes, maxMessageBytes }) =>
    failIf(
      maxJobBytes > maxMessageBytes,
      "POSTA_QUEUE_MAX_JOB_BYTES: is over POSTA_MAX_MESSAGE_BYTES; lower it, or raise the other",
    ),
];

const whatsapp: Rule[] = [
  ({ whatsappToken, whatsappTokenFile }) =>
    failIf(
      whatsappToken !== undefined && whatsappTokenFile !== undefined,
      "POSTA_WHATSAPP_TOKEN and POSTA_WHATSAPP_TOKEN_FILE: set one of them",
    ),
  ({ senders }) => {
    const bad = senders.find((sender) => !/^\d{5,20}$/.test(sender));
    return failIf(
      bad !== undefined,
      `POSTA_WHATSAPP_SENDERS: "${bad}" is not a phone number id; it has 5 to 20 digits`,
    );
  },
  ({ whatsappUrl }) =>
    failIf(
      !URL.canParse(whatsappUrl) || !/^https?:/.test(whatsappUrl),
      "POSTA_WHATSAPP_URL: is not an address; use one as https://graph.facebook.com",
    ),
  ({ whatsappVersion }) =>
    failIf(
      !/^v\d+\.\d+$/.test(whatsappVersion),
      `POSTA_WHATSAPP_VERSION: "${whatsappVersion}" is not a version; use one as v26.0`,
    ),
];

const stores: Rule[] = [
  ({ databaseUrl }) =>
    failIf(
      databaseUrl !== undefined && !isDatabaseUrl(databaseUrl),
      "POSTA_DATABASE_URL: is not a PostgreSQL address; use postgresql://user:password@host:5432/database, with a port from 1 to 65535",
    ),
  ({ analyticsHotMs, analyticsMaxAgeMs }) =>
    failIf(
      analyticsHotMs < analyticsMaxAgeMs + minRollUpMs,
      "POSTA_ANALYTICS_HOT: must be at least 4h over POSTA_ANALYTICS_MAX_AGE: an hour has to reach PostgreSQL",
    ),
  ({ queueRedisUrl, queuePrefix }) =>
    failIf(
      lacksHashTag(queueRedisUrl, queuePrefix),
      'POSTA_QUEUE_PREFIX: a Redis Cluster needs all keys of a queue in one slot: use a hash tag, as in "{bull}"',
    ),
  ({ analyticsRedisUrl, analyticsPrefix }) =>
    failIf(
      lacksHashTag(analyticsRedisUrl, analyticsPrefix),
      'POSTA_ANALYTICS_PREFIX: a Redis Cluster needs all keys of the analytics in one slot: use a hash tag, as in "{analytics}"',
    ),
];

/** Finds settings that do not fit together. Each answer names the variable and the fix. */
export function findConflicts(config: Config): string[] {
  return [...transport, ...limits, ...whatsapp, ...stores]
    .map((rule) => rule(config))
    .filter((found) => found !== undefined);
}

function failIf(isWrong: boolean, problem: string): string | undefined {
  return isWrong ? problem : undefined;
}

/** A user without a host is right where "?host=" names the folder of a Unix socket. */
function isDatabaseUrl(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url) && URL.canParse(url.replace("@/", "@localhost/"));
}

function lacksHashTag(url: string | undefined, prefix: string): boolean {
  return /^rediss?\+cluster:/.test(url ?? "") && !/\{[^{}]+\}/.test(prefix);
}
