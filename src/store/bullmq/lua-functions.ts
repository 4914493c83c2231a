import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { resolve } = createRequire(import.meta.url);

/**
 * The text of functions of BullMQ's own Lua scripts, each after the functions that it calls. Posta's scripts that
 * remove jobs call them, so they leave the same behind as BullMQ. Throws if the installed BullMQ lacks a function.
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
