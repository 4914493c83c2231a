import { invalid } from "../../errors/posta-error.js";
import { requireCharacters } from "./characters.js";

const maxCharacters = 2048;

/** Throws invalid unless a text is an address that WhatsApp, or a reader's app, can open. */
export function requireLink(link: string, field: string): void {
  requireCharacters(link, field, maxCharacters);
  const isWeb = /^https?:\/\//i.test(link) && !/\s/.test(link) && URL.canParse(link);
  if (!isWeb) throw invalid(field, "is not an http or https address");
}
