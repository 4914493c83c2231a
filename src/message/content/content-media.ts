import { invalid } from "../../errors/posta-error.js";
import { requireCharacters, requireFewCharacters } from "./characters.js";
import { requireLink } from "./link.js";

export type MediaKind = "image" | "video" | "audio" | "document" | "sticker";

/** A file that WhatsApp has, or fetches. */
export interface MediaRequest {
  /** undefined: the caller gave none. */
  kind: MediaKind | undefined;
  source: { id: string } | { link: string } | undefined;
  /** "": none. */
  caption: string;
  /** "": none. */
  filename: string;
}

const maxIdCharacters = 256;
const maxCaptionCharacters = 1024;
const maxFilenameCharacters = 240;
const captioned: MediaKind[] = ["image", "video", "document"];

/** The Cloud API's word for the kind, and the object under that name. */
export function parseMedia(media: MediaRequest, at: string): { type: MediaKind; value: object } {
  const { kind, source, caption, filename } = media;
  if (kind === undefined) throw invalid(`${at}.kind`, "is required");
  if (caption !== "" && !captioned.includes(kind)) {
    throw invalid(`${at}.caption`, `goes with an image, a video or a document, not with ${kind}`);
  }
  if (filename !== "" && kind !== "document") throw invalid(`${at}.filename`, `goes with a document, not with ${kind}`);
  requireFewCharacters(caption, `${at}.caption`, maxCaptionCharacters, "lines");
  requireFewCharacters(filename, `${at}.filename`, maxFilenameCharacters);
  const described = { ...(caption === "" ? {} : { caption }), ...(filename === "" ? {} : { filename }) };
  return { type: kind, value: { ...parseSource(source, at), ...described } };
}

function parseSource(source: MediaRequest["source"], at: string): { id: string } | { link: string } {
  if (source === undefined) throw invalid(`${at}.source`, "is required: id or link");
  if ("id" in source) requireCharacters(source.id, `${at}.id`, maxIdCharacters);
  else requireLink(source.link, `${at}.link`);
  return source;
}
