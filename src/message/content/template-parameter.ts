import { invalid, show } from "../../errors/posta-error.js";
import { requireCharacters, requireFewCharacters, requireInsert } from "./characters.js";
import { type MediaRequest, parseMedia } from "./content-media.js";

/** The value for one place of a template. */
export interface ParameterRequest {
  /** "": by position. */
  name: string;
  value: ValueRequest | undefined;
}

type ValueRequest =
  | { kind: "text"; text: string }
  | { kind: "media"; media: MediaRequest }
  | { kind: "currency"; currency: CurrencyRequest }
  | { kind: "date_time"; dateTime: string }
  | { kind: "payload"; payload: string }
  | { kind: "coupon_code"; couponCode: string };

interface CurrencyRequest {
  fallbackValue: string;
  code: string;
  amount1000: number;
}

/** The parts of a template that take parameters. */
export type Place = "header" | "body" | "quick_reply" | "url" | "copy_code";

/** The kinds of value that the Cloud API takes in each part. */
const kinds: Record<Place, ValueRequest["kind"][]> = {
  header: ["text", "media", "currency", "date_time"],
  body: ["text", "currency", "date_time"],
  quick_reply: ["payload"],
  url: ["text"],
  copy_code: ["coupon_code"],
};
const headerMedia = ["image", "video", "document"];

const maxNameCharacters = 64;
const maxTextCharacters = 1024;
const maxHeaderCharacters = 60;
const maxCurrencyCharacters = 64;
const maxDateCharacters = 256;
const maxPayloadCharacters = 256;
const maxCouponCharacters = 15;

/** One of the Cloud API's `parameters`. */
export function parseParameter({ name, value }: ParameterRequest, place: Place, at: string): object {
  requireFewCharacters(name, `${at}.name`, maxNameCharacters);
  if (value === undefined) throw invalid(`${at}.value`, "is required");
  const { kind } = value;
  if (!kinds[place].includes(kind))
    throw invalid(`${at}.${kind}`, `goes not into ${place}: ${kinds[place].join(", ")} do`);
  const maxText = place === "header" ? maxHeaderCharacters : maxTextCharacters;
  return { ...parseValue(value, at, maxText), ...(name === "" ? {} : { parameter_name: name }) };
}

function parseValue(value: ValueRequest, at: string, maxText: number): object {
  switch (value.kind) {
    case "text":
      requireInsert(value.text, `${at}.text`, maxText);
      return { type: "text", text: value.text };
    case "media":
      return parseHeaderMedia(value.media, `${at}.media`);
    case "currency":
      return { type: "currency", currency: parseCurrency(value.currency, `${at}.currency`) };
    case "date_time":
      requireInsert(value.dateTime, `${at}.date_time`, maxDateCharacters);
      return { type: "date_time", date_time: { fallback_value: value.dateTime } };
    case "payload":
      requireCharacters(value.payload, `${at}.payload`, maxPayloadCharacters);
      return { type: "payload", payload: value.payload };
    case "coupon_code":
      requireCharacters(value.couponCode, `${at}.coupon_code`, maxCouponCharacters);
      return { type: "coupon_code", coupon_code: value.couponCode };
  }
}

function parseHeaderMedia(media: MediaRequest, at: string): object {
  const { type, value } = parseMedia(media, at);
  if (!headerMedia.includes(type)) throw invalid(`${at}.kind`, `is ${type}; a header takes ${headerMedia.join(", ")}`);
  if (media.caption !== "") throw invalid(`${at}.caption`, "goes not into a template");
  return { type, [type]: value };
}

/** Amounts come as doubles. Beyond 2^53 a double may differ from the caller's amount. */
function parseCurrency({ fallbackValue, code, amount1000 }: CurrencyRequest, at: string): object {
  requireInsert(fallbackValue, `${at}.fallback_value`, maxCurrencyCharacters);
  if (!/^[A-Z]{3}$/.test(code)) throw invalid(`${at}.code`, `${show(code)} is not like "USD"`);
  if (!Number.isSafeInteger(amount1000)) {
    throw invalid(`${at}.amount_1000`, `${amount1000} is not within ${Number.MAX_SAFE_INTEGER} of 0`);
  }
  return { fallback_value: fallbackValue, code, amount_1000: amount1000 };
}
