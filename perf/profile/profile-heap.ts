import { setTimeout as sleep } from "node:timers/promises";
import { formatColumns, formatKib } from "./columns.js";
import { type HeapClass, readHeap } from "./heap.js";
import type { ProfileContext, ProfileReport } from "./profile.js";

/** How many constructors the table has. */
const shown = 30;

/** A heap snapshot of one server in the middle of a load, what its calls hold included; with a table by constructor. */
export async function profileHeap({ cluster, seconds, file, say }: ProfileContext): Promise<ProfileReport> {
  const path = file("server.heapsnapshot");
  await cluster.underLoad(seconds, async () => {
    await sleep((seconds * 1000) / 2);
    say(`server ${cluster.busiest.pid} writes its heap, and answers nothing meanwhile`);
    await cluster.busiest.ask("snapshot", { file: path });
  });
  const classes = [...(await readHeap(path)).values()];
  return {
    lines: formatClasses(classes),
    next: "open server.heapsnapshot in Chrome DevTools (Memory, Load profile): it shows what holds each object; make profile-leaks compares three.",
  };
}

function formatClasses(classes: HeapClass[]): string[] {
  const total = classes.reduce((sum, { self }) => sum + self, 0);
  const rows = classes
    .sort((a, b) => b.self - a.self)
    .slice(0, shown)
    .map(({ name, count, self, retained }) => [
      count.toLocaleString("en"),
      formatKib(self),
      formatKib(retained),
      shorten(name),
    ]);
  return [
    `${formatKib(total)} in ${classes.length} classes; a retained size counts what is held, so these overlap`,
    "",
    ...formatColumns([["objects", "self", "retained", "constructor"], ...rows]),
  ];
}

/** V8 names an object without a class by its properties, all of them. */
function shorten(name: string): string {
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}
