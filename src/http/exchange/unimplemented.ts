import type { OutgoingHttpHeaders } from "node:http";

/** Thrown for something that this transport does not support, although the contract may have it. */
export class Unimplemented extends Error {
  override readonly name = "Unimplemented";

  constructor(
    message: string,
    /** Headers of the answer that tell the client what is supported. */
    readonly headers: OutgoingHttpHeaders = {},
  ) {
    super(message);
  }
}
