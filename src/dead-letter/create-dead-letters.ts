import type { Config } from "../config/config.js";
import { maxItemBytes } from "../store/page-token.js";
import type { PostgresStore } from "../store/postgres/store.js";
import { DeadLetterLister } from "./list-dead-letters.js";
import { DeadLetterRedriver } from "./redrive.js";
import type { RedriveHandlers } from "./redrive-statement.js";

/** The parts that the dead-letter RPCs call. */
export interface DeadLetterParts {
  lister: DeadLetterLister;
  redriver: DeadLetterRedriver;
}

/** Creates the dead-letter parts of a server. `handlers` say how dead letters of each kind are redriven. */
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
