import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { resolve } = createRequire(import.meta.url);

/**
 * The text of functions of BullMQ's own Lua scripts, each after the functions that it calls. Posta's scripts that
 * remove jobs call them, so they leave the same behind as BullMQ. Throws if the installed BullMQ lacks a function.
 */
export function readBullLua(...names: string[]): string {
  const include = createIncluder();
  return ["local rcall = redis.call", ...names.map((name) => include(`includes/${name}`)), ""].join("\n");
}

/** The text of one of BullMQ's own scripts, with the functions that it calls. */
export function readBullScript(name: string): string {
  return createIncluder()(name);
}

/** Reads files of BullMQ's scripts by their paths. A file that was included before is empty. */
function createIncluder(): (path: string) => string {
  const included = new Set<string>();
  const include = (path: string): string => {
    if (included.has(path)) return "";
    included.add(path);
    const lua = readFileSync(resolve(`bullmq/dist/cjs/commands/${path}.lua`), "utf8");
    return lua.replace(/^--- @include "(?:includes\/)?([^"]+)"\s*$/gm, (_, inner: string) =>
      include(`includes/${inner}`),
    );
  };
  return include;
}
