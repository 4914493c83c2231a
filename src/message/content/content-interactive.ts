import { invalid } from "../../errors/posta-error.js";
import { requireCharacters } from "./characters.js";
import { type ActionRequest, parseAction } from "./interactive-action.js";

/** A message that can be answered with a tap. */
export interface InteractiveRequest {
  /** "": none. */
  header: string;
  body: string;
  /** "": none. */
  footer: string;
  action: ActionRequest | undefined;
}

const maxHeaderCharacters = 60;
const maxFooterCharacters = 60;
const maxBodyCharacters = 1024;
const maxListBodyCharacters = 4096;

/** The Cloud API's `interactive`. */
export function parseInteractive({ header, body, footer, action }: InteractiveRequest, at: string): object {
  if (action === undefined) throw invalid(`${at}.action`, "is required: buttons, list or call_to_action");
  const maxBody = action.kind === "list" ? maxListBodyCharacters : maxBodyCharacters;
  requireCharacters(body, `${at}.body`, maxBody, "lines");
  if (header !== "") requireCharacters(header, `${at}.header`, maxHeaderCharacters);
  if (footer !== "") requireCharacters(footer, `${at}.footer`, maxFooterCharacters);
  const { type, value } = parseAction(action, at);
  return {
    type,
    ...(header === "" ? {} : { header: { type: "text", text: header } }),
    body: { text: body },
    ...(footer === "" ? {} : { footer: { text: footer } }),
    action: value,
  };
}
