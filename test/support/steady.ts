import { expect } from "vitest";

/** Resolves to a figure, once it has stopped growing. */
export async function untilSteady(read: () => Promise<number>): Promise<number> {
  let last = -1;
  let same = 0;
  const isSteady = async () => {
    const now = await read();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
    return same >= 10;
  };
  await expect.poll(isSteady, { interval: 50 }).toBe(true);
  return last;
}
