import { type Logger as PinoLogger, pino, stdSerializers } from "pino";
import { LogOutput } from "./log-output.js";

/** Structured log, JSON lines on standard error; standard output is for what the operator started the command to see. */
export type Logger = PinoLogger;

/** The log of one process. `role` and the process id are in every line. */
export function createLog(role: string, level: string): Logger {
  return pino(
    { level, base: { role, pid: process.pid }, serializers: { err: stdSerializers.errWithCause } },
    new LogOutput(2),
  );
}
