import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * The admin port has no auth: whoever reaches it may use it. A browser on such a machine must not do so for a page of
 * somebody else. That page could send requests across origins, or give its own name this machine's address (DNS rebinding) and
 * so be of the same origin. The first the browser tells in Origin or Sec-Fetch-Site, the second shows in Host: it is a name
 * that is not ours. Tells why a request is refused; undefined: it is not.
 */
export function findIntruder({ headers }: IncomingMessage, adminHost: string): string | undefined {
  const { host = "", origin } = headers;
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (!isOurs(name.toLowerCase(), adminHost)) {
    return `refused: ${JSON.stringify(host.slice(0, 100))} is not this machine; use its address, or localhost`;
  }
  if (origin !== undefined && origin !== `http://${host}`) return "refused: the request comes from another site";
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    // A link to the page is no harm: the other site does not see what it shows.
    if (headers["sec-fetch-mode"] !== "navigate") return "refused: the request comes from another site";
  }
  return undefined;
}

/** An address cannot be rebound. */
function isOurs(name: string, adminHost: string): boolean {
  return isIP(name) !== 0 || name === "localhost" || name === adminHost || name === hostname().toLowerCase();
}
