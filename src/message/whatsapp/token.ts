import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Config, ConfigError } from "../../config/config.js";

interface Events {
  /** `value` has changed. */
  change: [];
}

/** Where the token comes from: a setting, or a file. */
export type TokenSource = Pick<Config, "whatsappToken" | "whatsappTokenFile">;

/**
 * The Cloud API's bearer token. A file is read at once, and again in the background, so that no call waits for it.
 * Reading works everywhere. File notifications do not: a mounted secret changes by a link.
 */
export class Token extends EventEmitter<Events> {
  private current: string;
  private readonly file: string | undefined;

  /** Throws a ConfigError if there is no token, or if the token cannot be read. */
  constructor({ whatsappToken, whatsappTokenFile: file }: TokenSource) {
    super();
    this.setMaxListeners(0); // One listener for each sending number.
    this.file = file;
    this.current = file === undefined ? fromSetting(whatsappToken) : fromFile(file);
  }

  get value(): string {
    return this.current;
  }

  /** Whether the token may change. */
  get isFromFile(): boolean {
    return this.file !== undefined;
  }

  /** Reads the file again. If the file has no valid token, throws, and the last token stays. */
  async refresh(): Promise<void> {
    if (this.file !== undefined) this.take(check(await readFile(this.file, "utf8")));
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

/** Checks a token. The token goes into a header, so nothing else may get there. The error does not show the text. */
function check(text: string): string {
  const token = text.trim();
  if (token === "") throw new Error("the file has no token");
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error("a token has only visible ASCII characters");
  return token;
}
