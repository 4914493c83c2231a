import { BullWorker } from "./bull-worker.js";
import { CallingWorker } from "./calling-worker.js";
import { Ledger } from "./ledger.js";
import { SessionWorker } from "./session-worker.js";

/** A worker's process: `main.ts <kind> <name> <ledger> <address of Posta> <socket of Redis> <prefix> <queues...>`. */
const [kind, name, path, address, socket, prefix, ...queues] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const ledger = new Ledger(path, name);

function create() {
  if (kind === "bull") return new BullWorker(socket, prefix, queues, ledger);
  return new (kind === "session" ? SessionWorker : CallingWorker)(address, queues, ledger);
}

const worker = create();

/** What a fault asks of a worker. */
type Order = { block: number } | { deaf: number };

process.on("message", (order: Order) => {
  if ("deaf" in order) void (worker instanceof SessionWorker && worker.turnDeaf(order.deaf));
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.block);
});
process.once("disconnect", () => process.exit(1)); // The run has died.
process.once("SIGTERM", () => void worker.drain());
await worker.run();
process.exit(0);
