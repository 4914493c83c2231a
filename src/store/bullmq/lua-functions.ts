import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { resolve } = createRequire(import.meta.url);

/**
 * Functions of BullMQ's own Lua scripts as text, each behind those that it calls. A script of Posta that removes jobs calls them, so it
 * leaves what BullMQ leaves. Throws if the installed BullMQ has no such function.
 */
export function readBullLua(...names: string[]): string {
  const included = new Set<string>();
  const include = (name: string): string => {
    if (included.has(name)) return "";
    included.add(name);
    const lua = readFileSync(resolve(`bullmq/dist/cjs/commands/includes/${name}.lua`), "utf8");
    return lua.replace(/^--- @include "([^"]+)"\s*$/gm, (_, inner: string) => include(inner));
  };
  return ["local rcall = redis.call", ...names.map(include), ""].join("\n");
}
