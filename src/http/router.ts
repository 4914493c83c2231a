import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { show } from "../errors/posta-error.js";
import { type CallParts, HttpCall } from "./connect/call.js";
import { connectCode, unimplementedCode, unknownCode } from "./connect/codes.js";
import { createFormats, type Format, formatOf } from "./connect/format.js";
import type { HttpMethod } from "./connect/method.js";
import { sendAnswer } from "./exchange/answer.js";
import { createProbes, type ProbedHealth } from "./probes.js";
import { answerRoute, type HttpRoute } from "./route.js";

/** The reason why a request is no call. */
interface Refusal {
  status: number;
  /** The code that Connect clients derive from this status. */
  code: number;
  message: string;
  headers?: OutgoingHttpHeaders;
}

/** Finds the method, route or probe of a request, and refuses all other requests. Only calls of methods are counted. */
export class Router {
  private readonly methods = new Map<string, HttpMethod>();
  private readonly routes = new Map<string, HttpRoute>();
  private readonly formats: ReadonlyMap<string, Format>;
  private readonly probes;

  constructor(
    private readonly parts: CallParts,
    health: ProbedHealth,
  ) {
    this.formats = createFormats(parts.codec);
    this.probes = createProbes(health);
  }

  add(method: HttpMethod): void {
    this.methods.set(method.path, method);
  }

  addRoute(route: HttpRoute): void {
    this.routes.set(route.path, route);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").split("?", 1)[0] as string;
    const method = this.methods.get(path);
    const route = this.routes.get(path);
    if (method) this.call(method, request, response);
    else if (route) void this.follow(route, request, response);
    else this.probe(path, request, response);
  }

  private call(method: HttpMethod, request: IncomingMessage, response: ServerResponse): void {
    const format = formatOf(request.headers["content-type"], this.formats);
    if (request.method !== "POST") this.refuse(request, response, wrongVerb("POST"));
    else if (!format) this.refuse(request, response, this.wrongType(request));
    else void new HttpCall(request, response, method, format, this.parts).run();
  }

  private async follow(route: HttpRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { connections } = this.parts;
    const connection = connections.use(request.socket);
    const answer = await answerRoute(route, request);
    if (answer && !response.destroyed) sendAnswer(request, response, answer, connections.mayLiveOn(connection));
  }

  private probe(path: string, request: IncomingMessage, response: ServerResponse): void {
    const probe = this.probes.get(path);
    const reads = request.method === "GET" || request.method === "HEAD";
    if (!probe) this.refuse(request, response, notFound(path));
    else if (!reads) this.refuse(request, response, wrongVerb("GET, HEAD"));
    else sendAnswer(request, response, probe(), this.mayLive(request));
  }

  private wrongType({ headers }: IncomingMessage): Refusal {
    const types = [...this.formats.keys()].join(", ");
    const message = `content-type: ${show(headers["content-type"] ?? "")} is not supported; use ${types}`;
    return { status: 415, code: unknownCode, message, headers: { "accept-post": types } };
  }

  private refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    const headers = { "content-type": "application/json", ...refusal.headers };
    const body = JSON.stringify({ code: connectCode(refusal.code).name, message: refusal.message });
    sendAnswer(request, response, { status: refusal.status, headers, body }, this.mayLive(request));
  }

  private mayLive(request: IncomingMessage): boolean {
    const { connections } = this.parts;
    return connections.mayLiveOn(connections.use(request.socket));
  }
}

function wrongVerb(allow: string): Refusal {
  return { status: 405, code: unknownCode, message: `use ${allow}`, headers: { allow } };
}

function notFound(path: string): Refusal {
  const message = `${show(path)} is no method; a call is a POST to /<package>.<Service>/<Method>`;
  return { status: 404, code: unimplementedCode, message };
}
