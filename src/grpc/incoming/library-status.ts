import { type ServerInterceptingCallInterface, status } from "@grpc/grpc-js";
import { invalid, PostaError, show } from "../../errors/posta-error.js";

/** What grpc-js takes for a fault of its own although the caller made the mistake, or went away: by its code and its text. */
const mistakes: [code: status, text: RegExp, toError: (found: string) => PostaError][] = [
  [
    status.INTERNAL,
    /^Invalid grpc-timeout value "(.*)"$/s,
    (value) =>
      invalid("grpc-timeout", `${show(value)} is not up to 8 digits and a unit of H, M, S, m, u, n, as in 10S`),
  ],
  // An answer could not be written: a caller that reset the stream, or the connection, is behind that.
  [status.INTERNAL, /^Internal server error/, () => new PostaError("cancelled", "the caller went away")],
  [
    status.UNIMPLEMENTED,
    /^Received no request message/,
    () => invalid("request", "is required: the call has no message"),
  ],
];

type LibraryStatus = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/** What the caller did that stands behind a status of grpc-js's own; undefined: nothing. */
export function mistakeBehind({ code, details = "" }: LibraryStatus): PostaError | undefined {
  if (code !== status.INTERNAL && code !== status.UNIMPLEMENTED) return undefined;
  for (const [of, text, toError] of mistakes) {
    const found = code === of && text.exec(details);
    if (found) return toError(found[1] ?? "");
  }
  return undefined;
}
