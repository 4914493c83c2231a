import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Loop } from "../../background/loop.js";
import { type Config, ConfigError } from "../../config/config.js";
import type { Logger } from "../../telemetry/log/log.js";

/**
 * How often the file is read. Reading works everywhere. A mounted secret changes by a link, and the file system sends no notification
 * of that.
 */
const everyMs = 1000;

interface Events {
  /** `value` is another one. */
  change: [];
}

/** Where the token comes from: a setting, or a file. */
export type TokenSource = Pick<Config, "whatsappToken" | "whatsappTokenFile">;

/** The Cloud API's bearer token. Of a file it is read at once, and again in the background: a call never waits for it. */
export class Token extends EventEmitter<Events> {
  private current: string;
  private readonly loop: Loop | undefined;

  /** Throws a ConfigError if there is no token, or none that can be read. */
  constructor({ whatsappToken, whatsappTokenFile: file }: TokenSource, log: Logger) {
    super();
    this.setMaxListeners(0); // One a sending number.
    if (file === undefined) {
      this.current = fromSetting(whatsappToken);
      return;
    }
    this.current = fromFile(file);
    this.loop = new Loop({ name: "POSTA_WHATSAPP_TOKEN_FILE", everyMs, retryMs: everyMs }, log, async () =>
      this.take(check(await readFile(file, "utf8"))),
    );
  }

  get value(): string {
    return this.current;
  }

  /** Begins to look for changes. */
  open(): void {
    this.loop?.start();
  }

  async close(): Promise<void> {
    await this.loop?.stop();
    this.removeAllListeners();
  }

  private take(value: string): void {
    if (value === this.current) return;
    this.current = value;
    this.emit("change");
  }
}

function fromSetting(value: string | undefined): string {
  if (value === undefined) {
    throw new ConfigError("POSTA_WHATSAPP_TOKEN: is needed to send messages; or set POSTA_WHATSAPP_TOKEN_FILE");
  }
  return named("POSTA_WHATSAPP_TOKEN", () => check(value));
}

function fromFile(file: string): string {
  return named("POSTA_WHATSAPP_TOKEN_FILE", () => check(readFileSync(file, "utf8")));
}

function named(variable: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw new ConfigError(`${variable}: ${(error as Error).message}`);
  }
}

/** It goes into a header: what is no token there must not reach it. The error does not show it. */
function check(text: string): string {
  const token = text.trim();
  if (token === "") throw new Error("there is no token in it");
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error("a token has only visible ASCII characters");
  return token;
}
