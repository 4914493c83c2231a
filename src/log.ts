import { type Logger as PinoLogger, pino, stdSerializers } from "pino";

/** Structured log, JSON lines on standard error; standard output is for what the operator started the command to see. */
export type Logger = PinoLogger;

/** The log of one process. `role` and the process id are in every line. */
export function createLog(role: string, level: string): Logger {
  return pino(
    { level, base: { role, pid: process.pid }, serializers: { err: stdSerializers.errWithCause } },
    // Buffered: a flood of failures must not block the event loop on a slow terminal. pino flushes it at exit.
    pino.destination({ fd: 2, sync: false }),
  );
}
