import { readFileSync } from "node:fs";
import type { Status } from "../status/status.js";
import { reply, type Visit } from "./answer.js";

const file = new URL("./status-page.html", import.meta.url);

/** It has all that it needs in itself, and may load nothing but its own figures. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

/** Where the page has its first figures: they are drawn with it. */
const place = '<script id="first" type="application/json">{}</script>';

/** The page that shows the status live. It is read for each visit: those are rare, and the primary's memory is not. */
export function answerPage({ response }: Visit, status: Status): void {
  // A queue's name may be "</script>".
  const first = JSON.stringify(status).replaceAll("<", "\\u003c");
  const page = readFileSync(file, "utf8").replace(place, () => place.replace("{}", () => first));
  const headers = { "content-security-policy": policy, "x-frame-options": "DENY" };
  reply(response, 200, "text/html; charset=utf-8", page, headers);
}
