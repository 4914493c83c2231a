import { readdirSync, readFileSync } from "node:fs";

/** What a process of the cluster used so far. */
export interface Usage {
  pid: number;
  role: "primary" | "server" | "redis";
  /** Of all its threads, since it began, in seconds. */
  cpuSeconds: number;
  rssMib: number;
}

const ticksPerSecond = 100;

/** The primary and its descendants, as Linux shows them in /proc. */
export function readUsage(primary: number): Usage[] {
  const own: Usage = { pid: primary, role: "primary", ...readProcess(primary) };
  const others = descendants(primary).map((pid) => {
    const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    const role =
      name.startsWith("node") || name === "MainThread" ? "server" : name.startsWith("redis") ? "redis" : undefined;
    return role && { pid, role, ...readProcess(pid) };
  });
  return [own, ...others.filter((usage) => usage !== undefined)] as Usage[];
}

function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function readProcess(pid: number): { cpuSeconds: number; rssMib: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may have blanks: the 14th and 15th fields are ticks in user and system mode.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, rssMib: Number(kib ?? 0) / 1024 };
}
