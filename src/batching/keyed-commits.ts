import type { PostaError } from "../errors/posta-error.js";
import type { GroupCommit } from "./group-commit.js";
import type { Waiter } from "./waiter.js";

/** A group commit for each key that has items on their way, such as for each queue. */
export class KeyedCommits<Item, Result> {
  private readonly commits = new Map<string, GroupCommit<Item, Result>>();

  constructor(private readonly create: (key: string) => GroupCommit<Item, Result>) {}

  /** How many keys have items on their way. */
  get size(): number {
    return this.commits.size;
  }

  /** Writes the items of a call under one key. Never rejects: errors are among the results. */
  async pushAll(key: string, items: readonly Item[], waiter?: Waiter): Promise<(Result | PostaError)[]> {
    const commit = this.commitOf(key);
    const results = await commit.pushAll(items, waiter);
    // Another group commit may have replaced this one.
    if (commit.isAtRest && this.commits.get(key) === commit) this.commits.delete(key);
    return results;
  }

  private commitOf(key: string): GroupCommit<Item, Result> {
    let commit = this.commits.get(key);
    if (!commit) {
      commit = this.create(key);
      this.commits.set(key, commit);
    }
    return commit;
  }
}
