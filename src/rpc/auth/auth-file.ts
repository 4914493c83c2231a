import { readFileSync } from "node:fs";
import { ConfigError } from "../../config/config.js";
import { parseIdentity } from "./certificate-identity.js";
import { createPrincipal, type Principal, parsePattern } from "./principal.js";

/** Callers by their credentials. */
export interface Callers {
  /** By the SHA-256 of a token, in hex. */
  readonly tokens: ReadonlyMap<string, Principal>;
  /** By a name in a certificate, in the order of the file. */
  readonly identities: ReadonlyMap<string, Principal>;
}

/** A file beyond these limits was hardly written as an auth file. */
const maxCallers = 10_000;
const maxPatterns = 1000;
const maxCharacters = 256;

/**
 * Reads callers from a file, one per line: `name credential pattern,pattern`. The credential is a token's SHA-256 in
 * hex, or a name in a client's certificate. Double quotes protect blanks; `#` begins a comment. A caller may have
 * several lines, and each line is independent. Throws a {@link ConfigError} that names the line but shows no text of
 * it, since the text may be a token.
 */
export function readCallers(file: string): Callers {
  const reader = new Reader();
  for (const [index, line] of readText(file).split(/\r?\n/).entries()) {
    const words = splitWords(line, index + 1);
    if (words.length > 0) reader.read(words, index + 1);
  }
  return reader;
}

class Reader implements Callers {
  readonly tokens = new Map<string, Principal>();
  readonly identities = new Map<string, Principal>();
  /** The line of each credential. */
  private readonly lines = new Map<string, number>();

  read([name = "", credential = "", patterns, ...rest]: string[], line: number): void {
    const isHash = /^[0-9a-f]{64}$/.test(credential);
    const key = isHash ? credential : parseIdentity(credential);
    if (key === undefined || patterns === undefined || rest.length > 0) {
      fail(line, 'is not "name credential patterns": a credential is a SHA-256 in hex, subject:... or san:...');
    }
    if (name.length > maxCharacters) fail(line, `has a name of ${name.length} characters, over ${maxCharacters}`);
    const same = this.lines.get(key);
    if (same !== undefined) fail(line, `has the credential of line ${same}: each caller needs one of its own`);
    if (this.lines.size === maxCallers) fail(line, `is one of more than ${maxCallers} callers`);
    this.lines.set(key, line);
    const principal = createPrincipal(name, splitPatterns(patterns, line));
    (isHash ? this.tokens : this.identities).set(key, principal);
  }
}

function splitPatterns(text: string, line: number): string[] {
  const patterns = text.split(",");
  if (patterns.length > maxPatterns) fail(line, `has ${patterns.length} patterns, over ${maxPatterns}`);
  for (const [index, one] of patterns.entries()) {
    const { pattern } = parsePattern(one);
    if (pattern === "") fail(line, `has an empty pattern, number ${index + 1} of its ${patterns.length}`);
    if (pattern.length > maxCharacters) {
      fail(line, `has a pattern of ${pattern.length} characters, over ${maxCharacters}`);
    }
  }
  return patterns;
}

/** The words of a line. Within quotes, a blank does not end a word, and `#` does not begin a comment. */
function splitWords(line: string, number: number): string[] {
  const words: string[] = [];
  const next = /\s*(?:#.*|((?:"[^"]*"|[^\s"#])+)|$)/y;
  while (next.lastIndex < line.length) {
    const found = next.exec(line);
    if (!found) fail(number, "has a quote that is not closed");
    if (found[1] !== undefined) words.push(found[1].replaceAll('"', ""));
  }
  return words;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new ConfigError(`POSTA_AUTH_FILE: ${(error as Error).message}`);
  }
}

function fail(line: number, problem: string): never {
  throw new ConfigError(`POSTA_AUTH_FILE: line ${line} ${problem}`);
}
