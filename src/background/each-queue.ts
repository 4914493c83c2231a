import { PostaError, toPostaError } from "../errors/posta-error.js";

/**
 * Works on queues one after the other. A queue that fails does not hold up the others: the last such error is returned
 * at the end, with the queue's name. Other errors, such as an unavailable store, concern all queues and are thrown at
 * once.
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
      failure = new PostaError("internal", `the queue of ${queue} could not be processed`, { cause: error });
    });
  }
  return failure;
}
