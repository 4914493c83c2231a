import { type ServerInterceptingCallInterface, status } from "@grpc/grpc-js";
import { invalid, PostaError, show } from "../../errors/posta-error.js";

/** Statuses of grpc-js that blame the server, though the caller made a mistake or left. Matched by code and text. */
const mistakes: [code: status, text: RegExp, toError: (found: string) => PostaError][] = [
  [
    status.INTERNAL,
    /^Invalid grpc-timeout value "(.*)"$/s,
    (value) =>
      invalid("grpc-timeout", `${show(value)} is not up to 8 digits and a unit of H, M, S, m, u, n, as in 10S`),
  ],
  // The answer could not be written, because the caller reset the stream or the connection.
  [status.INTERNAL, /^Internal server error/, () => new PostaError("cancelled", "the caller went away")],
  [
    status.UNIMPLEMENTED,
    /^Received no request message/,
    () => invalid("request", "is required: the call has no message"),
  ],
];

type LibraryStatus = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/** The error for what the caller did to cause this status of grpc-js; undefined: the caller did not cause it. */
export function mistakeBehind({ code, details = "" }: LibraryStatus): PostaError | undefined {
  if (code !== status.INTERNAL && code !== status.UNIMPLEMENTED) return undefined;
  for (const [of, text, toError] of mistakes) {
    const found = code === of && text.exec(details);
    if (found) return toError(found[1] ?? "");
  }
  return undefined;
}
