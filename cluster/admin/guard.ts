import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";

const foreign = "refused: the request comes from another site";

/**
 * Answers why a request is refused; undefined: the request is allowed. `names` are the names of the admin port, in
 * lower case.
 *
 * The admin port has no auth, so anyone who reaches the port may use it. A browser on such a machine must not use the
 * port for another site's page. Such a page has two ways to try:
 * - It sends requests across origins. The browser reports this in Origin or Sec-Fetch-Site.
 * - It points its own host name at this machine's address (DNS rebinding), so that the origins are the same. Then Host
 *   has a name that is not in `names`.
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
  // A link to a page is harmless: the other site does not see what the page shows.
  const isLink = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return isLink && (method === "GET" || method === "HEAD") ? undefined : foreign;
}

/** The names of the admin port, in lower case. IP addresses are always allowed, so they are not in this set. */
export function namesOf({ adminHost, adminHosts }: { adminHost: string; adminHosts: readonly string[] }): Set<string> {
  return new Set([adminHost, ...adminHosts, hostname(), "localhost"].map((name) => name.toLowerCase()));
}

/** DNS rebinding is impossible for an IP address. A request without Host does not come from a browser. */
function isOurs(host: string | undefined, names: ReadonlySet<string>): boolean {
  if (host === undefined) return true;
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return isIP(name) !== 0 || names.has(name.toLowerCase());
}
