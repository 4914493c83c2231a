import { readFileSync } from "node:fs";
import type { Status } from "../status/status.js";
import { reply, type Visit } from "./answer.js";

const file = new URL("./status-page.html", import.meta.url);

/** The page is self-contained, and may load nothing except its own figures. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

/** The placeholder for the first figures, which the page draws immediately. */
const place = '<script id="first" type="application/json">{}</script>';

/** Answers the live status page. Reads the file at each visit: visits are rare, and a copy would take memory. */
export function answerPage({ response }: Visit, status: Status): void {
  // A queue's name may be "</script>".
  const first = JSON.stringify(status).replaceAll("<", "\\u003c");
  const page = readFileSync(file, "utf8").replace(place, () => place.replace("{}", () => first));
  const headers = { "content-security-policy": policy, "x-frame-options": "DENY" };
  reply(response, 200, "text/html; charset=utf-8", page, headers);
}
