import { format } from "node:util";
import type { Logger } from "./log.js";
import { redactValue } from "./redaction.js";

/** A library's line may hold whatever a client sent. So much of it is logged. */
const maxCharacters = 500;

/** What grpc-js says of a header that it cannot read holds the header's value, which may be a token. */
const unreadableHeader = /^(Failed to add metadata entry [^:]{0,100}).*$/s;

type Level = "debug" | "info" | "warn" | "error";

/** How severe a line is that a library writes to the console. */
const consoleLevels = {
  error: "error",
  warn: "warn",
  info: "info",
  log: "info",
  debug: "debug",
  trace: "debug",
} as const;

/**
 * Takes over what libraries, and Node, would write by themselves: the console's lines and warnings become lines of the log. For
 * the whole process, and for good.
 */
export function captureOutput(log: Logger): void {
  for (const [name, level] of Object.entries(consoleLevels)) {
    console[name as keyof typeof consoleLevels] = writer(log, "the console", level);
  }
  process.removeAllListeners("warning"); // Node's own, which prints.
  process.on("warning", (warning) => log.warn({ err: warning }, "a warning of Node or a library"));
}

/** A console for a library that takes one. What the library calls an error is mostly a client's mistake. */
export function libraryConsole(log: Logger, library: string): Pick<Console, "error" | "info" | "debug"> {
  return {
    error: writer(log, library, "warn"),
    info: writer(log, library, "info"),
    debug: writer(log, library, "info"), // Written only where the library's own variables ask for it.
  };
}

/** All lines of a source have one message: a client that varies them does not get around sampling. */
function writer(log: Logger, source: string, level: Level): (...args: unknown[]) => void {
  const message = `a library wrote to ${source}`;
  return (...args) => log[level]({ text: shorten(args) }, message);
}

/** An object is made plain first: the console would show all that an error of Redis has, among it a password. */
function shorten(args: unknown[]): string {
  const text = format(...args.map((arg) => (typeof arg === "object" ? redactValue(arg) : arg)));
  return text.replace(unreadableHeader, "$1").slice(0, maxCharacters);
}
