import { randomFillSync } from "node:crypto";
import { V7Generator } from "uuidv7";

/**
 * How many random numbers are fetched at once, for a thousand ids. A fetch costs more than all other work for an id.
 */
const poolSize = 4096;

/** Makes ids for jobs that bring none: UUIDv7, which sort by their time. */
export function createJobIds(): V7Generator {
  const pool = new Uint32Array(poolSize);
  let next = poolSize;
  return new V7Generator({
    nextUint32() {
      if (next === poolSize) {
        randomFillSync(pool);
        next = 0;
      }
      return pool[next++] as number;
    },
  });
}
