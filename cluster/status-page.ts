import { readFileSync } from "node:fs";
import { reply, type Visit } from "./admin-answer.js";

const file = new URL("./status-page.html", import.meta.url);

/** It has all that it needs in itself, and may load nothing but its own figures. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

/** The page that shows the status live. It is read for each visit: those are rare, and the primary's memory is not. */
export function answerPage({ response }: Visit): void {
  const headers = { "content-security-policy": policy, "x-frame-options": "DENY" };
  reply(response, 200, "text/html; charset=utf-8", readFileSync(file), headers);
}
