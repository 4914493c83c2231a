import { type ServerInterceptingCallInterface, status } from "@grpc/grpc-js";
import { invalid, PostaError } from "../../errors/posta-error.js";

/** What grpc-js takes for an error of its own although the caller made the mistake, or went away: the beginnings of its texts. */
const mistakes: [begins: string, toError: () => PostaError][] = [
  [
    "Invalid grpc-timeout value",
    () => invalid("grpc-timeout", 'is not up to 8 digits and a unit of H, M, S, m, u, n: "10S"'),
  ],
  // An answer could not be written: a caller that reset the stream, or the connection, is behind that.
  ["Internal server error", () => new PostaError("cancelled", "the caller went away")],
];

type LibraryStatus = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/** What the caller did that stands behind a status of grpc-js's own; undefined: nothing. */
export function mistakeBehind({ code, details }: LibraryStatus): PostaError | undefined {
  if (code !== status.INTERNAL || details === undefined) return undefined;
  return mistakes.find(([begins]) => details.startsWith(begins))?.[1]();
}
