import { createRandom } from "../support/whatsapp/random.js";

/** What is killed with SIGKILL. */
export type Strike = "delivery" | "server" | "primary" | "queue redis" | "postgresql";

/** What one run does, all of it from one seed. */
export interface Plan {
  readonly seed: number;
  /** After so many more acknowledged messages comes the next strike. */
  readonly strikes: { after: number; what: Strike }[];
  readonly random: () => number;
}

const all: Strike[] = ["delivery", "server", "queue redis", "postgresql", "delivery", "primary"];

/** Every kind of strike, in an order and at moments of the seed's own. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed);
  const shuffled = all.map((what) => ({ what, order: random() })).sort((a, b) => a.order - b.order);
  const strikes = shuffled.map(({ what }) => ({ what, after: 20 + Math.floor(random() * 60) }));
  return { seed, strikes, random };
}
