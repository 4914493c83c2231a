const units: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** "60s", "5m" or "24h" in seconds; undefined if it is not set. Throws an error that names the variable. */
export function parseDuration(variable: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const seconds = Number(amount) * (units[unit ?? ""] ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw new Error(`${variable}: "${text}" is no duration; use a number and a unit (s, m, h), as in 60s`);
}

/** Calls a second; undefined if it is not set. Throws an error that names the variable. */
export function parseRate(variable: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const rate = Number(text);
  if (rate >= 1 && rate <= 1_000_000) return rate;
  throw new Error(`${variable}: "${text}" is no rate; use calls a second, 1 to 1000000`);
}

/** How often a suite's loads are made; undefined if it is not set. Throws an error that names the variable. */
export function parseRounds(variable: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds;
  throw new Error(`${variable}: "${text}" is no number of rounds; use 1 to 100`);
}
