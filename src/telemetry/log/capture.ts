import { format } from "node:util";
import type { Logger } from "./log.js";
import { redactValue } from "./redaction.js";

/** A library's line may contain anything that a client sent. The log has at most this many characters of it. */
const maxCharacters = 500;

/** If grpc-js cannot read a header, its line has the header's value, which may be a token. */
const unreadableHeader = /^(Failed to add metadata entry [^:]{0,100}).*$/s;

type Level = "debug" | "info" | "warn" | "error";

/** The log level of a line that a library writes to the console. */
const consoleLevels = {
  error: "error",
  warn: "warn",
  info: "info",
  log: "info",
  debug: "debug",
  trace: "debug",
} as const;

/**
 * Turns the console output of libraries, and the warnings of Node, into lines of the log. This is for the whole
 * process, and cannot be undone.
 */
export function captureOutput(log: Logger): void {
  for (const [name, level] of Object.entries(consoleLevels)) {
    console[name as keyof typeof consoleLevels] = writer(log, "the console", level);
  }
  process.removeAllListeners("warning"); // Node's own listener prints the warning.
  process.on("warning", (warning) => log.warn({ err: warning }, "a warning from Node or a library"));
}

/**
 * A console for a library that takes one. The library's errors become warnings: most of them are a client's mistake.
 */
export function libraryConsole(log: Logger, library: string): Pick<Console, "error" | "info" | "debug"> {
  return {
    error: writer(log, library, "warn"),
    info: writer(log, library, "info"),
    debug: writer(log, library, "info"), // Written only if the library's own environment variables ask for it.
  };
}

/** All lines of a source have one message, so a client cannot get around sampling by varying its text. */
function writer(log: Logger, source: string, level: Level): (...args: unknown[]) => void {
  const message = `a library wrote to ${source}`;
  return (...args) => log[level]({ text: shorten(args) }, message);
}

/** redactValue() shortens objects first. The console would show everything in a Redis error, including a password. */
function shorten(args: unknown[]): string {
  const text = format(...args.map((arg) => (typeof arg === "object" ? redactValue(arg) : arg)));
  return text.replace(unreadableHeader, "$1").slice(0, maxCharacters);
}
