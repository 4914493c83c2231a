import { randomFillSync } from "node:crypto";
import { V7Generator } from "uuidv7";

/** Random numbers that are fetched for a thousand ids at once: a fetch costs more than all the rest of an id. */
const poolSize = 4096;

/** Makes the ids of jobs that bring none: UUIDv7, which sort by their time. */
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
