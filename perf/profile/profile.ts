import type { ProfiledCluster } from "./cluster.js";

/** What a kind of profile is made with. */
export interface ProfileContext {
  cluster: ProfiledCluster;
  /** How long the load is looked at. */
  seconds: number;
  scenario: string;
  /** Path of a file of the profile's folder. */
  file(name: string): string;
  /** Says what is going on, in a line. */
  say(text: string): void;
}

/** What a profile found. */
export interface ProfileReport {
  /** For the terminal. */
  lines: string[];
  /** What to do with it, a sentence or two. */
  next: string;
  /** Whether what it looked for, and should not be there, is there. */
  failed?: boolean;
}
