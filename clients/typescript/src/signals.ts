/**
 * Stops the workers of this process at SIGTERM or SIGINT. Signals belong to the process, so its workers share one pair
 * of listeners: with a pair each, Node would warn of a leak.
 */
const signals = ["SIGTERM", "SIGINT"] as const;
const stops = new Set<() => unknown>();

/** Calls `stop` at the first signal. A second one then ends the process, as Node does by default. */
export function stopAtSignal(stop: () => unknown): void {
  if (stops.size === 0) for (const signal of signals) process.on(signal, stopAll);
  stops.add(stop);
}

/** The worker has stopped by itself. */
export function forgetStop(stop: () => unknown): void {
  if (stops.delete(stop) && stops.size === 0) unlisten();
}

function stopAll(): void {
  unlisten();
  const all = [...stops];
  stops.clear();
  for (const stop of all) stop();
}

function unlisten(): void {
  for (const signal of signals) process.off(signal, stopAll);
}
