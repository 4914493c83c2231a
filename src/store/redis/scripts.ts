import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { RedisClient } from "./address.js";
import { gatherWrites } from "./gather-writes.js";

/** A Lua script of store/lua, on one client; its header says what KEYS, ARGV and the answer are. */
export type Script<Answer> = (keys: string[], args: (string | number | Buffer)[]) => Promise<Answer>;

/** Options of a script. */
interface ScriptParts {
  /** Another name for the command, if the file also runs with other keys. */
  name?: string;
  /** Lua text that goes before the file's text: functions that the file calls. */
  before?: string;
}

/** Loads a script by its file below store/lua, as "queue/add-jobs". ioredis sends the text once for each connection, and after that only its hash. */
export function defineScript<Answer>(
  client: RedisClient,
  file: string,
  numberOfKeys: number,
  { name = basename(file), before = "" }: ScriptParts = {},
): Script<Answer> {
  return defineLua(client, { name, lua: before + readLua(file), numberOfKeys });
}

/** Loads a script by its text. `name` must be the script's own on the client. */
export function defineLua<Answer>(client: RedisClient, { name, lua, numberOfKeys }: LuaText): Script<Answer> {
  const run = define<Answer>(client, { name, lua, numberOfKeys });
  return (keys, args) => run(...keys, ...args);
}

/** Like {@link defineScript}, for a script that takes any number of keys and answers bytes. */
export function defineBytesScript<Answer>(client: RedisClient, file: string): Script<Answer> {
  const run = define<Answer>(client, { name: basename(file), lua: readLua(file) }, "Buffer");
  return (keys, args) => run(keys.length, ...keys, ...args);
}

type Run<Answer> = (...args: unknown[]) => Promise<Answer>;

interface LuaText {
  name: string;
  lua: string;
  numberOfKeys?: number | undefined;
}

/** ioredis makes two commands of a script. The command whose name ends in Buffer returns the answer as bytes. */
function define<Answer>(
  client: RedisClient,
  { name, lua, numberOfKeys }: LuaText,
  kind: "" | "Buffer" = "",
): Run<Answer> {
  const command = `posta:${name}`;
  client.defineCommand(command, numberOfKeys === undefined ? { lua } : { lua, numberOfKeys });
  const run = (client as unknown as Record<string, Run<Answer>>)[`${command}${kind}`] as Run<Answer>;
  return (...args) => {
    gatherWrites(client);
    return run.call(client, ...args);
  };
}

/** The text of a file of store/lua, for a script that calls its functions. */
export function readLua(file: string): string {
  return readFileSync(new URL(`../lua/${file}.lua`, import.meta.url), "utf8");
}
