import { PostaError, toPostaError } from "../errors/posta-error.js";

/**
 * Works on queues one after the other. What is wrong with one holds up no other: it is answered at the end, with the queue's
 * name. Throws only where a store is away, for all of them.
 */
export async function forEachQueue(
  queues: Iterable<string>,
  work: (queue: string) => Promise<unknown>,
): Promise<PostaError | undefined> {
  let failure: PostaError | undefined;
  for (const queue of queues) {
    await work(queue).catch((thrown) => {
      const error = toPostaError(thrown);
      if (error.code !== "internal") throw error;
      failure = new PostaError("internal", `the queue of ${queue} cannot be worked on`, { cause: error });
    });
  }
  return failure;
}
