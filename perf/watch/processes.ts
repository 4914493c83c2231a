import { readdirSync, readFileSync } from "node:fs";

export type Role = "primary" | "server" | "delivery" | "redis" | "postgres";

/** What a process used since it began, over all its threads. */
export interface Usage {
  pid: number;
  role: Role;
  cpuSeconds: number;
  /** The part of `cpuSeconds` that was in the kernel. */
  systemSeconds: number;
  /** How long it was runnable and waited for a processor. */
  waitSeconds: number;
  /** How often it slept until something woke it. */
  wakeUps: number;
  /** System calls that read or write. */
  readsAndWrites: number;
  /** Bytes that these calls copied. */
  bytesCopied: number;
  /** What only this process has. */
  memoryMib: number;
  /** Pages of program files, which processes of one program share. */
  programMib: number;
}

const ticksPerSecond = 100;

/** The primary and its descendants, as Linux shows them in /proc. A process that ended meanwhile is left out. */
export function readUsage(primary: number): Usage[] {
  return [primary, ...descendants(primary)].flatMap((pid) => {
    try {
      const role = pid === primary ? "primary" : roleOf(pid);
      return role ? [{ pid, role, ...readProcess(pid) }] : [];
    } catch {
      return [];
    }
  });
}

/** The memory of processes that run one program, in MiB: the pages of the program count once. */
export function memoryOf(usage: Usage[], roles: readonly Role[]): number {
  const all = usage.filter(({ role }) => roles.includes(role));
  return sum(all.map(({ memoryMib }) => memoryMib)) + Math.max(0, ...all.map(({ programMib }) => programMib));
}

/** What the load generators used that this process has started. `exceptOf`: processes that are none, with their children. */
export function readGenerators(exceptOf: number[]): Omit<Usage, "role">[] {
  return descendants(process.pid, exceptOf).flatMap((pid) => {
    try {
      return [{ pid, ...readProcess(pid) }];
    } catch {
      return [];
    }
  });
}

function roleOf(pid: number): Role | undefined {
  const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  if (/redis-server/.test(program)) return "redis";
  if (/postgres/.test(program)) return "postgres";
  if (!/node$/.test(program)) return undefined;
  return args.includes("delivery") ? "delivery" : "server";
}

function descendants(pid: number, exceptOf: number[] = []): number[] {
  return readChildren(pid)
    .filter((child) => !exceptOf.includes(child))
    .flatMap((child) => [child, ...descendants(child, exceptOf)]);
}

function readChildren(pid: number): number[] {
  try {
    return tasksOf(pid).flatMap((task) =>
      readFileSync(`${task}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function tasksOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
}

function readProcess(pid: number): Omit<Usage, "pid" | "role"> {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may have blanks: the 14th and 15th fields are ticks in user and system mode.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]].map((ticks) => Number(ticks) / ticksPerSecond) as [number, number];
  const threads = tasksOf(pid);
  const io = (name: string) => readField(`/proc/${pid}/io`, name);
  return {
    cpuSeconds: user + system,
    systemSeconds: system,
    waitSeconds: sum(threads.map((task) => Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[1]) / 1e9)),
    wakeUps: sum(threads.map((task) => readField(`${task}/status`, "voluntary_ctxt_switches"))),
    readsAndWrites: io("syscr") + io("syscw"),
    bytesCopied: io("rchar") + io("wchar"),
    memoryMib: (readField(`/proc/${pid}/status`, "RssAnon") + readField(`/proc/${pid}/status`, "RssShmem")) / 1024,
    programMib: readField(`/proc/${pid}/status`, "RssFile") / 1024,
  };
}

/** 0 if the file has no such field, or may not be read. */
function readField(file: string, name: string): number {
  try {
    const [, value] = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(file, "utf8")) ?? [];
    return Number(value ?? 0);
  } catch {
    return 0;
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
