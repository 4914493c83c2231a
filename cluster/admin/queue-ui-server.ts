import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  ControllerHandlerReturnType,
  IServerAdapter,
  UIConfig,
} from "@bull-board/api/dist/types.js";
import { reply, type Visit } from "./answer.js";
import { contentTypeOf, fillTemplate, findPath, type PathPattern, parsePattern } from "./queue-ui-files.js";

/** Allows only files of this server, and styles, images and fonts inside the page itself. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'";

type ApiRoute = PathPattern & { method: string; handler: AppControllerRoute["handler"] };

/**
 * bull-board on plain node:http. Each published adapter of bull-board needs a web framework and a template engine, for
 * a handful of routes and one template with five placeholders.
 */
export class BoardServer implements IServerAdapter {
  private queues: BullBoardQueues = new Map() as unknown as BullBoardQueues;
  private api: ApiRoute[] = [];
  private pages: PathPattern[] = [];
  private entry: AppViewRoute | undefined;
  private views = "";
  private statics = "";
  private uiConfig: UIConfig = {};
  private onError: (error: Error) => ControllerHandlerReturnType = () => ({ status: 500, body: "" });

  /** `base` is the path of the queue UI, such as "/queues". */
  constructor(private readonly base: string) {}

  setQueues(queues: BullBoardQueues): this {
    this.queues = queues;
    return this;
  }

  setViewsPath(path: string): this {
    this.views = path;
    return this;
  }

  setStaticPath(_route: string, path: string): this {
    this.statics = path;
    return this;
  }

  setEntryRoute(entry: AppViewRoute): this {
    this.entry = entry;
    this.pages = [entry.route].flat().map(parsePattern);
    return this;
  }

  setErrorHandler(handler: (error: Error) => ControllerHandlerReturnType): this {
    this.onError = handler;
    return this;
  }

  setApiRoutes(routes: AppControllerRoute[]): this {
    this.api = routes.flatMap(({ method, route, handler }) =>
      [method].flat().flatMap((one) => [route].flat().map((path) => ({ ...parsePattern(path), method: one, handler }))),
    );
    return this;
  }

  setUIConfig(config: UIConfig): this {
    this.uiConfig = config;
    return this;
  }

  /** Whether the answer depends on the list of queues. */
  isAboutQueues({ url = "" }: IncomingMessage): boolean {
    return url.startsWith(`${this.base}/api/`);
  }

  async answer(visit: Visit): Promise<void> {
    const { request, response } = visit;
    const { pathname, searchParams } = new URL(request.url ?? "", "http://admin");
    const path = pathname.slice(this.base.length);
    if (path.startsWith("/static/")) this.answerFile(visit, path);
    else if (path.startsWith("/api/")) await this.answerApi(visit, path, Object.fromEntries(searchParams));
    else if (this.pages.some((page) => findPath(page, path))) this.answerPage(visit);
    else reply(response, 404, "text/plain", "not found\n");
  }

  private answerPage({ response }: Visit): void {
    const { name, params } = (this.entry as AppViewRoute).handler({ basePath: this.base, uiConfig: this.uiConfig });
    const page = fillTemplate(readFileSync(join(this.views, name), "utf8"), params);
    reply(response, 200, "text/html; charset=utf-8", page, { "content-security-policy": policy });
  }

  /** Browsers may cache these files, because each file's name has a hash of its content. */
  private answerFile({ response }: Visit, path: string): void {
    const name = path.slice("/static/".length);
    try {
      const type = contentTypeOf(name);
      const headers = { "cache-control": "private, max-age=3600", "x-content-type-options": "nosniff" };
      reply(response, 200, type, readFileSync(join(this.statics, name)), headers);
    } catch {
      reply(response, 404, "text/plain", "not found\n");
    }
  }

  private async answerApi({ request, response, readBody }: Visit, path: string, query: object): Promise<void> {
    const method = (request.method === "HEAD" ? "GET" : (request.method ?? "")).toLowerCase();
    for (const route of this.api) {
      const params = route.method === method ? findPath(route, path) : undefined;
      if (!params) continue;
      const text = method === "get" ? "" : await readBody();
      const { queues, uiConfig } = this;
      const headers = request.headers as Record<string, string | undefined>;
      const answer = await this.run(route, { queues, uiConfig, params, query, body: parseBody(text), headers });
      const body = answer.status === 204 ? "" : JSON.stringify(answer.body);
      return reply(response, answer.status ?? 200, "application/json", body);
    }
    reply(response, 404, "application/json", '{"error":"not found"}');
  }

  private async run({ handler }: ApiRoute, request: Parameters<ApiRoute["handler"]>[0]) {
    try {
      return await handler(request);
    } catch (error) {
      return this.onError(error as Error);
    }
  }
}

/** Most requests of the page have no body. */
function parseBody(text: string): Record<string, unknown> {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return {};
  }
}
