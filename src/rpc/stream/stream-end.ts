import { PostaError } from "../../errors/posta-error.js";

/** The last message of a refused stream. The handler finishes earlier messages, then ends the stream with the error. */
export class Malformed {
  constructor(readonly error: unknown) {}
}

/** Throws the error that must end the stream, if the message is a {@link Malformed}. */
export function refuseMalformed(message: unknown): void {
  if (message instanceof Malformed) throw message.error;
}

/** The error that ends the streams of a stopping server. */
export function stoppingError(): PostaError {
  return new PostaError("unavailable", "the server is stopping: open a new stream", { retryAfterMs: 100 });
}
