import type { LoadTime } from "../suites/suite.js";

/** What the columns mean, for who reads a report; docs/performance.md says more. */
export const timeNote =
  "CPU in microseconds a call, with the share of the kernel; waiting: how many processes were runnable and had no processor, on average; per call of the servers: how often they slept and were woken, and their reads and writes";

/** Where the time went, a row for each load, under a head. */
export function timeRows(times: readonly LoadTime[]): string[][] {
  const head = [
    "where the time went",
    "calls/s",
    "servers us",
    "kernel",
    "stores us",
    "primary, delivery us",
    "generator us",
    "servers waiting",
    "generator waiting",
    "wake-ups",
    "reads, writes",
    "machine waits",
  ];
  return [head, ...times.map(toRow)];
}

function toRow({ load, callsPerSecond, servers, stores, others, generator, pressure }: LoadTime): string[] {
  const us = (value: number) => value.toFixed(0);
  return [
    load,
    us(callsPerSecond),
    us(servers.cpuUs),
    percent(servers.cpuUs === 0 ? 0 : servers.systemUs / servers.cpuUs),
    us(stores.cpuUs),
    us(others.cpuUs),
    us(generator.cpuUs),
    servers.waiting.toFixed(2),
    generator.waiting.toFixed(2),
    servers.wakeUps.toFixed(1),
    servers.readsAndWrites.toFixed(1),
    pressure === undefined ? "-" : percent(pressure),
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
