import { invalid } from "../../errors/posta-error.js";
import { requireCharacters } from "./characters.js";
import { type InteractiveRequest, parseInteractive } from "./content-interactive.js";
import { type MediaRequest, parseMedia } from "./content-media.js";
import { parseTemplate, type TemplateRequest } from "./content-template.js";

const maxTextCharacters = 4096;

/** Plain text. */
interface TextRequest {
  body: string;
  previewUrl: boolean;
}

/** The content of a message as the caller gives it. It is not checked yet. */
export type ContentRequest =
  | { kind: "text"; text: TextRequest }
  | { kind: "template"; template: TemplateRequest }
  | { kind: "media"; media: MediaRequest }
  | { kind: "interactive"; interactive: InteractiveRequest };

/** The content in the Cloud API's words: a request's `type`, and the object under that name. */
export interface ApiContent {
  type: string;
  value: object;
}

/** Checks a content against the Cloud API's limits. Throws invalid, naming the message's field. */
export function parseContent(content: ContentRequest | undefined): ApiContent {
  switch (content?.kind) {
    case "text":
      return { type: "text", value: parseText(content.text, "text") };
    case "template":
      return { type: "template", value: parseTemplate(content.template, "template") };
    case "media":
      return parseMedia(content.media, "media");
    case "interactive":
      return { type: "interactive", value: parseInteractive(content.interactive, "interactive") };
    default:
      throw invalid("content", "is required: text, template, media or interactive");
  }
}

/** The Cloud API's `text`. */
function parseText({ body, previewUrl }: TextRequest, at: string): object {
  requireCharacters(body, `${at}.body`, maxTextCharacters, "lines");
  return { body, preview_url: previewUrl };
}
