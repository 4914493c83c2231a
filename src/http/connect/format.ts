import type { JsonCodec } from "./json-codec.js";
import type { HttpMethod } from "./method.js";

/** An encoding of messages in HTTP bodies. */
export interface Format {
  readonly contentType: string;
  /** Decodes a request, with the result that the contract's own decoder gives. Throws invalid. */
  decode(method: HttpMethod, body: Buffer): object;
  encode(method: HttpMethod, response: object): string | Uint8Array;
}

/** The formats of unary calls in the Connect protocol, by content type. */
export function createFormats(codec: JsonCodec): ReadonlyMap<string, Format> {
  const json: Format = {
    contentType: "application/json",
    decode: ({ path, definition }, body) => {
      return definition.requestDeserialize(Buffer.from(codec.toBinary(codec.method(path).input, body)));
    },
    encode: ({ path, definition }, response) => {
      return JSON.stringify(codec.toJson(codec.method(path).output, definition.responseSerialize(response)));
    },
  };
  const proto: Format = {
    contentType: "application/proto",
    decode: ({ definition }, body) => definition.requestDeserialize(body),
    encode: ({ definition }, response) => definition.responseSerialize(response),
  };
  return new Map([json, proto].map((format) => [format.contentType, format]));
}

/** The format of a request's content type; undefined: not supported. The content type may have the charset UTF-8. */
export function formatOf(contentType: string | undefined, formats: ReadonlyMap<string, Format>): Format | undefined {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const other = parameters.some((parameter) => !/^\s*(charset="?utf-8"?)?\s*$/.test(parameter));
  return other ? undefined : formats.get(type.trim());
}
