import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { PostaError } from "../errors/posta-error.js";
import type { IncomingBytes } from "../rpc/incoming-bytes.js";
import type { Answer } from "./exchange/answer.js";
import { IncomingBody } from "./exchange/body.js";

/** A path that is served beside the methods of the contract. */
export interface HttpRoute {
  path: string;
  /** The largest body, in bytes. */
  maxBytes: number;
  /** Bounds what all bodies to this path hold together while they come in. */
  incoming: IncomingBytes;
  /** Answers a request of any verb. Must not reject. undefined: nobody waits for an answer any more. */
  answer(request: RouteRequest): Promise<Answer | undefined>;
}

/** A request to a route. Its body is read only if the route asks for it. */
interface RouteRequest {
  verb: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /**
   * The bytes of the body as they came; to be called once. Throws exhausted if they are over the limit, or, with a retry delay, if
   * there is no room for them; cancelled if the client leaves. It ends when the route has answered.
   */
  readBody(): Promise<Buffer>;
}

/** Has a route answer a request, and gives back the bytes of a body that the route did not wait for. */
export async function answerRoute(route: HttpRoute, request: IncomingMessage): Promise<Answer | undefined> {
  const { method: verb = "", url = "", headers } = request;
  const body = new IncomingBody(request, { maxMessageBytes: route.maxBytes, incoming: route.incoming });
  const query = new URLSearchParams(url.slice(route.path.length));
  const answer = await route.answer({ verb, query, headers, readBody: () => body.collect() });
  body.stop(new PostaError("expired", "the request was answered before its body was there"));
  return answer;
}
