/** A route of bull-board, such as "/api/queues/:queueName", and the names of its parameters. */
export interface PathPattern {
  pattern: RegExp;
  names: string[];
}

export function parsePattern(route: string): PathPattern {
  const names: string[] = [];
  const source = route.replace(/:(\w+)/g, (_, name: string) => {
    names.push(name);
    return "([^/]+)";
  });
  return { pattern: new RegExp(`^${source}/?$`), names };
}

/** The parameters of a path by name; undefined if the path does not match the route. */
export function findPath({ pattern, names }: PathPattern, path: string): Record<string, string> | undefined {
  const found = pattern.exec(path);
  if (!found) return undefined;
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] as string)]));
  } catch {
    return undefined; // A stray '%'.
  }
}

/**
 * Fills the template of bull-board's page: `<%= x %>` is escaped, `<%- x %>` is not. Removes the link to Google's
 * fonts: Google need not know who looks at queues, and the browser may have no internet access. The system's own fonts
 * are enough.
 */
export function fillTemplate(template: string, values: Record<string, string>): string {
  return template
    .replace(/<link[^>]*fonts\.googleapis\.com[^>]*>/g, "")
    .replace(/<%([=-])\s*(\w+)\s*%>/g, (_, kind, name) => {
      const value = values[name] ?? "";
      return kind === "=" ? value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`) : value;
    });
}

const contentTypes: Record<string, string> = {
  css: "text/css; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  woff2: "font/woff2",
};

/** Throws if the name is no file of the page. The name cannot leave the folder: "." and ".." are refused. */
export function contentTypeOf(name: string): string {
  const type = contentTypes[name.slice(name.lastIndexOf(".") + 1)];
  if (!type || !/^[\w-]+(\.[\w-]+)*(\/[\w-]+(\.[\w-]+)*)*$/.test(name)) throw new Error("no such file");
  return type;
}
