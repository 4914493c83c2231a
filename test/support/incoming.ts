import type { Registry } from "prom-client";

/** What requests on their way hold of a budget of a server, in bytes. */
export async function incomingBytes(
  { metrics }: { metrics: Registry },
  of: "calls" | "anyone" | "webhooks",
): Promise<number> {
  const shown = await metrics.getSingleMetric("posta_incoming_bytes")?.get();
  const found = shown?.values.find(({ labels }) => labels.of === of);
  if (!found) throw new Error(`no figure of ${of}`);
  return found.value;
}
