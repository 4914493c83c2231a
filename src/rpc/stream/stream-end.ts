import { PostaError } from "../../errors/posta-error.js";

/** The last message of a stream that may not go on: the handler ends the stream with the error, once it has done what came before. */
export class Malformed {
  constructor(readonly error: unknown) {}
}

/** Throws the error that a stream has to end with, if the message stands for one. */
export function refuseMalformed(message: unknown): void {
  if (message instanceof Malformed) throw message.error;
}

/** What ends the streams of a server that stops. */
export function stoppingError(): PostaError {
  return new PostaError("unavailable", "the server is stopping: open a new stream", { retryAfterMs: 100 });
}
