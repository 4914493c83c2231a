import { type LogFn, type Logger as PinoLogger, pino, stdSerializers } from "pino";
import { LogOutput } from "./output.js";
import { redactText, redactValue } from "./redaction.js";
import { LogSampler } from "./sampling.js";

/** A structured log: JSON lines on standard error. Standard output is for the result of the operator's command. */
export type Logger = PinoLogger;

const fatal = 60;
/** How soon after a flood the log reports how many lines were left out. */
const tellMs = 1000;
/** All logs of the process share one output: so lines keep their order, and the last lines are written once. */
let output: LogOutput | undefined;

/**
 * The log of one process. Every line has `role` and the process id. No line has a secret or a phone number. The log
 * leaves out some lines of a flood of similar lines, and reports how many.
 */
export function createLog(role: string, level: string): Logger {
  const sampler = new LogSampler();
  output ??= new LogOutput(2, role);
  const log = pino(
    {
      level,
      base: { role, pid: process.pid },
      // write() has already made the error a plain object. pino's own serializer would call its type "Object".
      serializers: { err: (err) => err },
      hooks: {
        // This is a hook because pino's formatters do not see the message.
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
      // The report has the severity of the lines: a log level that shows the lines shows the report too.
      log[log.levels.labels[severity] as pino.Level]({ leftOut }, `left out of the log: ${kind}`);
    }
    if (sampler.hasUntold) tellSoon();
  }
  return log;
}

interface Line {
  fields: Record<string, unknown>;
  message: string | undefined;
  /** The values that pino puts into the message. */
  values: unknown[];
}

/** Before the message, pino takes fields, an error or neither. */
function toLine([first, ...rest]: unknown[]): Line {
  if (typeof first === "string") return { fields: {}, message: first, values: rest };
  const [message, ...values] = rest as [string | undefined, ...unknown[]];
  const fields = first instanceof Error ? { err: first } : { ...(first as object) };
  const { err } = fields as { err?: unknown };
  return { fields, message: message ?? (err instanceof Error ? err.message : undefined), values };
}

/**
 * Lines of one kind may differ in their numbers. Failed calls all have the same message: they differ in method and
 * code.
 */
function kindOf({ fields: { method, code }, message = "" }: Line): string {
  const parts = [message.slice(0, 200).replace(/\d+/g, "#"), method, code];
  return parts.filter((part) => typeof part === "string").join(" ");
}

/**
 * Makes an error a plain object first. Its message and stack, and those of its causes, may contain a phone number too.
 */
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
