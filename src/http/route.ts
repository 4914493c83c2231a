import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { PostaError } from "../errors/posta-error.js";
import type { IncomingBytes } from "../rpc/incoming-bytes.js";
import type { Answer } from "./exchange/answer.js";
import { IncomingBody } from "./exchange/body.js";

/** A path that is served in addition to the methods of the contract. */
export interface HttpRoute {
  path: string;
  /** The largest body, in bytes. */
  maxBytes: number;
  /** Bounds what all bodies to this path together hold while they arrive. */
  incoming: IncomingBytes;
  /** Answers a request of any verb. Must not reject. undefined: the client no longer waits for an answer. */
  answer(request: RouteRequest): Promise<Answer | undefined>;
}

/** A request to a route. Its body is read only if the route asks for it. */
interface RouteRequest {
  verb: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /**
   * Reads the body as it arrives, without decompressing it. Call this once. Stops when the route has answered. Throws:
   * - exhausted, if the body is over the limit
   * - exhausted with a retry delay, if the budget is used up
   * - cancelled, if the client leaves
   */
  readBody(): Promise<Buffer>;
}

/** Lets a route answer a request. Then releases the bytes of a body that the route did not wait for. */
export async function answerRoute(route: HttpRoute, request: IncomingMessage): Promise<Answer | undefined> {
  const { method: verb = "", url = "", headers } = request;
  const body = new IncomingBody(request, { maxMessageBytes: route.maxBytes, incoming: route.incoming });
  const query = new URLSearchParams(url.slice(route.path.length));
  const answer = await route.answer({ verb, query, headers, readBody: () => body.collect() });
  body.stop(new PostaError("expired", "the request was answered before its body was there"));
  return answer;
}
