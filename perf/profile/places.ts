import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** Where V8 says that a function is; lines and columns count from 0. */
export interface CallFrame {
  functionName: string;
  /** file:, node: or empty, for V8's own. */
  url: string;
  lineNumber: number;
  columnNumber: number;
}

const root = new URL("../..", import.meta.url).href;

/** Says where functions are in the source that people edit. */
export class Places {
  private readonly maps = new Map<string, SourceMap | undefined>();

  /** "src/queue/add/add.ts:36", "node_modules/ioredis/built/Redis.js:12", "node:net:650", or "native". */
  of({ url, lineNumber, columnNumber }: CallFrame): string {
    if (url === "") return "native";
    const entry = this.mapOf(url)?.findEntry(lineNumber, columnNumber);
    if (entry && "originalSource" in entry) {
      return `${shorten(new URL(entry.originalSource, url).href)}:${entry.originalLine + 1}`;
    }
    return `${shorten(url)}:${lineNumber + 1}`;
  }

  private mapOf(url: string): SourceMap | undefined {
    if (!this.maps.has(url)) this.maps.set(url, readMap(url));
    return this.maps.get(url);
  }
}

/** The map that the build puts beside a file. Those of packages name sources that they do not bring. */
function readMap(url: string): SourceMap | undefined {
  if (!url.startsWith(`${root}dist/`)) return undefined;
  const file = `${fileURLToPath(url)}.map`;
  return existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, "utf8"))) : undefined;
}

function shorten(url: string): string {
  if (url.startsWith(root)) return url.slice(root.length);
  return url.startsWith("file:") ? fileURLToPath(url) : url;
}
