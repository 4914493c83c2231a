import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";

const foreign = "refused: the request comes from another site";

/**
 * The admin port has no auth: whoever reaches it may use it. A browser on such a machine must not do so for a page of
 * somebody else. That page could send requests across origins, or give its own name this machine's address (DNS rebinding) and
 * so be of the same origin. The first the browser tells in Origin or Sec-Fetch-Site. The second shows in Host, which is a name
 * that is not ours. Tells why a request is refused; undefined: it is not. `names` are the names of the admin port, in lower case.
 */
export function findIntruder({ headers, method }: IncomingMessage, names: ReadonlySet<string>): string | undefined {
  const { host, origin } = headers;
  if (!isOurs(host, names)) {
    const shown = JSON.stringify(host?.slice(0, 100));
    return `refused: ${shown} is not a name of this admin port; use its IP address or localhost, or list the name in POSTA_ADMIN_HOSTS`;
  }
  if (origin !== undefined && origin.replace(/^https?:\/\//, "") !== host) return foreign;
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  // A link to a page is no harm: the other site does not see what the page shows.
  const isLink = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return isLink && (method === "GET" || method === "HEAD") ? undefined : foreign;
}

/** The names of the admin port, beside any IP address and localhost. */
export function namesOf({ adminHost, adminHosts }: { adminHost: string; adminHosts: readonly string[] }): Set<string> {
  return new Set([adminHost, ...adminHosts, hostname(), "localhost"].map((name) => name.toLowerCase()));
}

/** An IP address cannot be rebound. A request without Host is no browser's. */
function isOurs(host: string | undefined, names: ReadonlySet<string>): boolean {
  if (host === undefined) return true;
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return isIP(name) !== 0 || names.has(name.toLowerCase());
}
