import type { Config } from "../config/config.js";
import { maxItemBytes } from "../store/page-token.js";
import type { PostgresStore } from "../store/postgres/store.js";
import { DeadLetterLister } from "./list-dead-letters.js";
import { DeadLetterRedriver } from "./redrive.js";
import type { RedriveHandlers } from "./redrive-statement.js";

/** What the RPCs of dead letters call. */
export interface DeadLetterParts {
  lister: DeadLetterLister;
  redriver: DeadLetterRedriver;
}

/** The dead letters of a server; each capability hands over how its kind is put back. */
export function createDeadLetterParts(
  config: Config,
  postgres: PostgresStore,
  handlers: RedriveHandlers,
): DeadLetterParts {
  return {
    lister: new DeadLetterLister(postgres, maxItemBytes(config)),
    redriver: new DeadLetterRedriver(postgres, handlers),
  };
}
