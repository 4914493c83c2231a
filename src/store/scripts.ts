import { readFileSync } from "node:fs";
import type { RedisClient } from "./redis-address.js";

/** A Lua script of store/lua, on one client; its header says what KEYS, ARGV and the answer are. */
export type Script<Answer> = (keys: string[], args: (string | number | Buffer)[]) => Promise<Answer>;

/** Loads a script by its file's name. ioredis sends the text once a connection and its hash after that. */
export function defineScript<Answer>(client: RedisClient, file: string, numberOfKeys: number): Script<Answer> {
  const lua = readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), "utf8");
  const command = `posta:${file}`;
  client.defineCommand(command, { lua, numberOfKeys });
  const run = (client as unknown as Record<string, (...args: unknown[]) => Promise<Answer>>)[command];
  return (keys, args) => (run as (...args: unknown[]) => Promise<Answer>).call(client, ...keys, ...args);
}
