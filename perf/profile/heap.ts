import { createReadStream } from "node:fs";
import { DevToolsAPI, parse } from "heap-snapshot-toolkit";

const all = new DevToolsAPI.HeapSnapshotModel.NodeFilter();

/** What the objects of a constructor take, in bytes. */
export interface HeapClass {
  name: string;
  count: number;
  /** Themselves. */
  self: number;
  /** With all that would be freed with them; what several classes hold on to is in each of them. */
  retained: number;
}

/** The classes of a snapshot by name: constructors, and V8's own kinds in parentheses. Chrome DevTools' own analysis. */
export async function readHeap(file: string): Promise<Map<string, HeapClass>> {
  const snapshot = await parse(createReadStream(file, "utf8"));
  const classes = new Map<string, HeapClass>();
  // One name may stand for several classes, defined at several places.
  for (const { name, count, self, maxRet } of Object.values(snapshot.aggregatesWithFilter(all))) {
    const known = classes.get(name) ?? { name, count: 0, self: 0, retained: 0 };
    classes.set(name, {
      name,
      count: known.count + count,
      self: known.self + self,
      retained: known.retained + maxRet,
    });
  }
  return classes;
}
