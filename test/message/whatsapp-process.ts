import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LedgerEntry } from "../support/whatsapp/ledger.js";
import { sender } from "./delivery-fixture.js";

const [tsx, program] = ["../../node_modules/.bin/tsx", "../support/whatsapp-sim.ts"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The stand-in in a process of its own, with WhatsApp's limits: what it sees is held up by nothing that the test does. */
export async function startWhatsAppProcess() {
  const env = { ...process.env, PORT: "0", POSTA_WHATSAPP_TOKEN: "test-token", POSTA_WHATSAPP_SENDERS: sender };
  const child = spawn(tsx as string, [program as string], { env, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.endsWith("\n\n")) break;
  }
  const url = /^POSTA_WHATSAPP_URL=(.*)$/m.exec(output)?.[1] as string;
  return {
    url,
    token: "test-token",
    ledger: async () => (await (await fetch(`${url}/ledger`)).json()) as LedgerEntry[],
    async stop() {
      const gone = once(child, "exit");
      if (child.kill("SIGTERM")) await gone;
    },
  };
}
