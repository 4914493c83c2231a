import type { OutgoingHttpHeaders } from "node:http";

/** What this transport does not do, though the contract may. */
export class Unimplemented extends Error {
  override readonly name = "Unimplemented";

  constructor(
    message: string,
    /** What the answer's headers say of it. */
    readonly headers: OutgoingHttpHeaders = {},
  ) {
    super(message);
  }
}
