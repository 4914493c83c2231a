import { type LogFn, type Logger as PinoLogger, pino, stdSerializers } from "pino";
import { LogOutput } from "./output.js";
import { redactText, redactValue } from "./redaction.js";
import { LogSampler } from "./sampling.js";

/** Structured log, JSON lines on standard error; standard output is for what the operator started the command to see. */
export type Logger = PinoLogger;

const fatal = 60;
/** How soon it is told how much of a flood that has ended was left out. */
const tellMs = 1000;
/** One for all logs of the process: lines keep their order, and the last ones are written once. */
let output: LogOutput | undefined;

/**
 * The log of one process. `role` and the process id are in every line, secrets and phone numbers in none; of a flood of like lines
 * some are left out, and how many is said.
 */
export function createLog(role: string, level: string): Logger {
  const sampler = new LogSampler();
  output ??= new LogOutput(2, role);
  const log = pino(
    {
      level,
      base: { role, pid: process.pid },
      // An error is plain by then: the library's own would call its type "Object".
      serializers: { err: (err) => err },
      hooks: {
        // Not by formatters: those do not see the message.
        logMethod(args, method, severity) {
          const line = toLine(args);
          const leftOut = severity >= fatal ? 0 : sampler.admit(kindOf(line), severity);
          if (leftOut === undefined) tellSoon();
          else write(this, method, line, leftOut);
        },
      },
    },
    output,
  );
  let telling = false;
  function tellSoon(): void {
    if (telling) return;
    telling = true;
    setTimeout(tell, tellMs).unref();
  }
  function tell(): void {
    telling = false;
    for (const [kind, severity, leftOut] of sampler.untold()) {
      // As severe as they were: a level that showed them shows this.
      log[log.levels.labels[severity] as pino.Level]({ leftOut }, `left out of the log: ${kind}`);
    }
    if (sampler.hasUntold) tellSoon();
  }
  return log;
}

interface Line {
  fields: Record<string, unknown>;
  message: string | undefined;
  /** What pino puts into the message. */
  values: unknown[];
}

/** pino takes fields, an error or neither before the message. */
function toLine([first, ...rest]: unknown[]): Line {
  if (typeof first === "string") return { fields: {}, message: first, values: rest };
  const [message, ...values] = rest as [string | undefined, ...unknown[]];
  const fields = first instanceof Error ? { err: first } : { ...(first as object) };
  const { err } = fields as { err?: unknown };
  return { fields, message: message ?? (err instanceof Error ? err.message : undefined), values };
}

/** Numbers vary in like messages. Calls that fail all have one message: what tells them apart is which, and how. */
function kindOf({ fields: { method, code }, message = "" }: Line): string {
  const parts = [message.slice(0, 200).replace(/\d+/g, "#"), method, code];
  return parts.filter((part) => typeof part === "string").join(" ");
}

/** An error is made plain first: its message and stack, and those of its causes, may name a number too. */
function write(log: Logger, method: LogFn, { fields, message, values }: Line, leftOut: number): void {
  const { err, ...others } = fields;
  const shown = {
    ...others,
    ...(err === undefined ? {} : { err: err instanceof Error ? stdSerializers.errWithCause(err) : err }),
  };
  const all = { ...(redactValue(shown) as object), ...(leftOut > 0 ? { leftOut } : {}) };
  const texts = values.map((value) => redactValue(value)) as string[];
  if (message === undefined) method.call(log, all);
  else method.call(log, all, redactText(message), ...texts);
}
