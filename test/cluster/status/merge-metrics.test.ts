import { EventEmitter } from "node:events";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { MergedMetrics } from "../../../cluster/status/merge-metrics.js";
import type { Supervisor } from "../../../cluster/supervise/supervisor.js";

/** A child whose connection a test closes when it likes. */
function createChild() {
  let connected = true;
  const worker = Object.assign(new EventEmitter(), { isConnected: () => connected, send: () => true });
  const disconnect = () => {
    connected = false;
    worker.emit("disconnect");
  };
  return { worker, serving: true, heardAt: 0, onTrial: false, disconnect };
}

function setup() {
  const [child, other] = [createChild(), createChild()];
  const supervisor = Object.assign(new EventEmitter(), { children: new Set([child, other]), isSilent: () => true });
  const merged = new MergedMetrics(new Registry(), [supervisor as unknown as Supervisor]);
  const tell = (value: number, by = child) => {
    const counter = { name: "calls_total", help: "Calls.", type: "counter", aggregator: "sum" };
    supervisor.emit("message", by, { type: "metrics", metrics: [{ ...counter, values: [{ labels: {}, value }] }] });
  };
  return {
    tell,
    other,
    exit(gone = child) {
      supervisor.children.delete(gone);
      supervisor.emit("exit", gone);
    },
    disconnect: child.disconnect,
    /** What all have counted, and whether a child is remembered. */
    async look() {
      const [, counted] = /^calls_total (\d+)$/m.exec(await merged.text()) ?? [];
      return [Number(counted), merged.heardOf(child as never) !== undefined];
    },
  };
}

it("counts what a child says as it dies, once, and keeps it when the child is gone", async () => {
  const { tell, exit, disconnect, look } = setup();
  tell(5);
  exit();
  expect(await look()).toEqual([5, true]);
  tell(7);
  expect(await look()).toEqual([7, true]);
  disconnect();
  await expect.poll(look).toEqual([7, false]);
});

it("keeps what two children counted that die together", async () => {
  const { tell, exit, disconnect, other, look } = setup();
  tell(5);
  tell(40, other);
  disconnect();
  other.disconnect();
  exit();
  exit(other);
  await expect.poll(look).toEqual([45, false]);
});
