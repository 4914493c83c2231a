import type { Watched } from "./agents.js";

/** What a time under load looked like. */
export interface Symptoms {
  servers: (Watched & { pid: number; cores: number })[];
  primaryCores: number;
  redisCores: number;
  /** Share of all the machine's cores that was in use, by whatever, 0 to 1. */
  machineUse: number;
}

/** One thing that was looked at. */
export interface Diagnosis {
  ok: boolean;
  what: string;
  measured: string;
  /** What it is held to. */
  limit: string;
  /** What to do when it is not ok. */
  advice: string;
}

type Server = Symptoms["servers"][number];

/**
 * The guide's P99 of an added job is 100 ms: half of it may go to waiting for the loop, and a single stop for garbage may
 * not reach that either. The other limits are where other causes than load become likely.
 */
const limits = {
  delayP50Ms: 10,
  delayP99Ms: 50,
  delayMaxMs: 250,
  garbageShare: 0.1,
  pauseMs: 50,
  fullCores: 0.95,
  primaryCores: 0.2,
  /** How much more than the least busy server the busiest may use. */
  imbalance: 1.5,
  /** Where no server reaches this, with cores to spare, they wait for something else than the processor. */
  loopUse: 0.7,
  machineUse: 0.95,
  /** Under it the machine has a processor to spare. */
  spareMachineUse: 0.85,
  /** Handles and requests that are more at the end than at the start, without the timers that calls under way have. */
  moreResources: 20,
  /** What the heap, without garbage, may grow by: both must be passed. */
  heapGrowthMib: 8,
  heapGrowthShare: 0.2,
};

/** All that is looked at, in the order in which it should be read. */
export function diagnose(symptoms: Symptoms): Diagnosis[] {
  const { servers } = symptoms;
  return [...servers.flatMap(diagnoseLoop), ...servers.flatMap(diagnoseMemory), ...diagnoseCpu(symptoms)];
}

function diagnoseLoop({ pid, delayMs, resourcesAtStart, resources }: Server): Diagnosis[] {
  const { p50, p99, max } = delayMs;
  const more = countLasting(resources) - countLasting(resourcesAtStart);
  return [
    {
      ok: p50 <= limits.delayP50Ms && p99 <= limits.delayP99Ms && max <= limits.delayMaxMs,
      what: `server ${pid}: event-loop delay`,
      measured: `P50 ${p50.toFixed(1)}, P99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`,
      limit: `${limits.delayP50Ms}, ${limits.delayP99Ms}, ${limits.delayMaxMs} ms`,
      advice: "something holds the loop: make profile-flame, and look for the widest frames of src/",
    },
    {
      ok: more <= limits.moreResources,
      what: `server ${pid}: handles and requests`,
      measured: `${describeResources(resources)}; without timers ${more < 0 ? "" : "+"}${more} meanwhile`,
      limit: `+${limits.moreResources}`,
      advice: "something is opened and not closed: run it longer, and see which type grows",
    },
  ];
}

function diagnoseMemory({ pid, pauses, seconds, heapMibAtStart, heapMib }: Server): Diagnosis[] {
  const share = pauses.reduce((sum, { ms }) => sum + ms, 0) / (seconds * 1000);
  const longest = Math.max(0, ...pauses.map(({ ms }) => ms));
  const more = heapMib - heapMibAtStart;
  return [
    {
      ok: share <= limits.garbageShare && longest <= limits.pauseMs,
      what: `server ${pid}: garbage collection`,
      measured: `${percent(share)} of the time, ${pauses.length} stops, longest ${longest.toFixed(1)} ms`,
      limit: `${percent(limits.garbageShare)}, ${limits.pauseMs} ms`,
      advice: "too much is allocated, or too much is kept: make profile-heap; (garbage collector) in make profile-cpu",
    },
    {
      ok: more <= limits.heapGrowthMib || more <= heapMibAtStart * limits.heapGrowthShare,
      what: `server ${pid}: heap without garbage`,
      measured: `${heapMibAtStart.toFixed(1)} MiB, then ${heapMib.toFixed(1)} MiB`,
      limit: `+${limits.heapGrowthMib} MiB and +${percent(limits.heapGrowthShare)}`,
      advice: "it grows under a steady load: make profile-leaks says whether it is a leak",
    },
  ];
}

function diagnoseCpu({ servers, primaryCores, redisCores, machineUse }: Symptoms): Diagnosis[] {
  const cores = servers.map((server) => server.cores);
  const use = Math.max(...servers.map(({ loopUse }) => loopUse));
  const spare = machineUse < limits.spareMachineUse && redisCores < limits.fullCores;
  return [
    {
      ok: Math.max(...cores) <= Math.min(...cores) * limits.imbalance,
      what: "processor: servers",
      measured: `${cores.map((value) => value.toFixed(2)).join(", ")} cores`,
      limit: `one to another 1:${limits.imbalance}`,
      advice: "the load is not spread: a connection stays on one server, so clients need several",
    },
    {
      ok: use >= limits.loopUse || !spare,
      what: "event loops in use",
      measured: servers.map(({ loopUse }) => percent(loopUse)).join(", "),
      limit: `one over ${percent(limits.loopUse)}, if the machine is under ${percent(limits.spareMachineUse)}`,
      advice: "the servers wait, with a processor to spare: for Redis (SLOWLOG, LATENCY), or for the clients",
    },
    {
      ok: primaryCores <= limits.primaryCores,
      what: "processor: primary",
      measured: `${primaryCores.toFixed(2)} cores`,
      limit: `${limits.primaryCores} cores`,
      advice: "it handles no call: look for scrapes of /metrics, or many queues to count (POSTA_METRICS_INTERVAL)",
    },
    {
      ok: redisCores <= limits.fullCores,
      what: "processor: Redis",
      measured: `${redisCores.toFixed(2)} cores`,
      limit: `${limits.fullCores} cores`,
      advice: "Redis is the limit: more servers bring nothing; spread queues over several Redis",
    },
    {
      ok: machineUse <= limits.machineUse,
      what: "processor: the machine",
      measured: `${percent(machineUse)} of all cores`,
      limit: percent(limits.machineUse),
      advice: "load, servers and Redis compete here: delays are longer than where the clients are elsewhere",
    },
  ];
}

function describeResources(resources: Record<string, number>): string {
  return Object.entries(resources)
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${count} ${type}`)
    .join(", ");
}

/** Timers come and go with the calls: a call has one for its deadline. */
function countLasting({ Timeout = 0, Immediate = 0, ...others }: Record<string, number>): number {
  return Object.values(others).reduce((sum, count) => sum + count, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
