import type { Case } from "./case.js";

/** What came back for a case. */
export interface Observation {
  plan: Case;
  /**
   * "answered": with a status. "cut": the connection or the stream ended without one. "silent": neither came in time. "left":
   * the caller went away first, as the case wants. "unsent": the client would not send it.
   */
  end: "answered" | "cut" | "silent" | "left" | "unsent";
  httpStatus: number | undefined;
  /** Headers and trailers, by their lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** What came as a body, up to `keptAnswerBytes` of it. */
  body: Buffer;
  /** All of it, and the headers, in bytes. */
  answerBytes: number;
  elapsedMs: number;
  /** Why it was cut or not sent. */
  reason: string;
}

/** How much of an answer is looked at, in bytes. */
export const keptAnswerBytes = 16 << 20;

/** Collects an answer's body, and counts what it does not keep. */
export class Body {
  bytes = 0;
  private readonly chunks: Buffer[] = [];

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes <= keptAnswerBytes) this.chunks.push(chunk);
  }

  get kept(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** Headers as texts; Node gives some as lists. */
export function toTexts(headers: NodeJS.Dict<string | string[] | number> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

export function headerBytes(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce((bytes, [name, value]) => bytes + name.length + value.length, 0);
}
