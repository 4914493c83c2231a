import { requireCharacters } from "./characters.js";

/** Plain text. */
export interface TextRequest {
  body: string;
  previewUrl: boolean;
}

const maxCharacters = 4096;

/** The Cloud API's `text`. */
export function parseText({ body, previewUrl }: TextRequest, at: string): object {
  requireCharacters(body, `${at}.body`, maxCharacters, "lines");
  return { body, preview_url: previewUrl };
}
