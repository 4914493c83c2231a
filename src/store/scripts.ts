import { readFileSync } from "node:fs";
import type { RedisClient } from "./redis-address.js";

/** A Lua script of store/lua, on one client; its header says what KEYS, ARGV and the answer are. */
export type Script<Answer> = (keys: string[], args: (string | number | Buffer)[]) => Promise<Answer>;

/** Loads a script by its file's name; where it runs with other keys too, under another name. ioredis sends the text once a connection and its hash after that. */
export function defineScript<Answer>(
  client: RedisClient,
  file: string,
  numberOfKeys: number,
  name = file,
): Script<Answer> {
  const run = define<Answer>(client, file, "", numberOfKeys, name);
  return (keys, args) => run(...keys, ...args);
}

/** The same for a script that takes any number of keys and answers bytes. */
export function defineBytesScript<Answer>(client: RedisClient, file: string): Script<Answer> {
  const run = define<Answer>(client, file, "Buffer");
  return (keys, args) => run(keys.length, ...keys, ...args);
}

type Run<Answer> = (...args: unknown[]) => Promise<Answer>;

/** ioredis makes two commands of a script; the one whose name ends in Buffer leaves the answer as it is. */
function define<Answer>(
  client: RedisClient,
  file: string,
  kind: "" | "Buffer",
  numberOfKeys?: number,
  name = file,
): Run<Answer> {
  const lua = readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), "utf8");
  const command = `posta:${name}`;
  client.defineCommand(command, numberOfKeys === undefined ? { lua } : { lua, numberOfKeys });
  const run = (client as unknown as Record<string, Run<Answer>>)[`${command}${kind}`] as Run<Answer>;
  return (...args) => run.call(client, ...args);
}
