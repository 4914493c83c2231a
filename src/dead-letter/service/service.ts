import { invalid, PostaError } from "../../errors/posta-error.js";
import type { ListDeadLettersRequest__Output as ListDeadLetters } from "../../gen/posta/message/v1/ListDeadLettersRequest.js";
import type { RedriveMessagesRequest__Output as RedriveMessages } from "../../gen/posta/message/v1/RedriveMessagesRequest.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { DeadLetterKind } from "../../store/postgres/dead-letters.js";
import type { DeadLetterParts } from "../create-dead-letters.js";
import type { MayUseSource } from "../dead-letter.js";
import { toDeadLetterKind, toDeadLetterMessage } from "./convert-dead-letter.js";

const maxRedriven = 1000;

/** The RPCs of MessageService for dead letters, of both messages and jobs. */
export function deadLetterHandlers<Handler>(adapter: Adapter<Handler>, parts: DeadLetterParts, statuses: StatusMap) {
  const { lister, redriver } = parts;

  return {
    ListDeadLetters: adapter.unary(async ({ kind, source, pageSize, pageToken }: ListDeadLetters, context) => {
      const wanted = toDeadLetterKind(kind);
      // Without a kind the lister refuses a source.
      if (source !== "" && wanted) context.principal.require(grantOf(wanted), source);
      const mayUse = toMayUseSource(context);
      const page = await lister.list({ kind: wanted, source, pageSize, pageToken, mayUse });
      return { deadLetters: page.letters.map(toDeadLetterMessage), nextPageToken: page.nextPageToken };
    }),
    RedriveMessages: adapter.unary(async ({ deadLetterIds }: RedriveMessages, context) => {
      requireCount(deadLetterIds.length);
      const outcomes = await redriver.redrive(deadLetterIds, toMayUseSource(context));
      const toItem = statuses.forItems();
      const errorOf = (outcome: unknown) => (outcome instanceof PostaError ? toItem(outcome) : null);
      return { results: outcomes.map((outcome) => ({ error: errorOf(outcome) })) };
    }),
  };
}

function toMayUseSource({ principal }: CallContext): MayUseSource {
  return (kind, source) => principal.mayUse(grantOf(kind), source);
}

/** What kind of grant the source of a dead letter needs: a job's queue, or a message's number. */
function grantOf(kind: DeadLetterKind): "queue" | "number" {
  return kind === "job" ? "queue" : "number";
}

function requireCount(count: number): void {
  if (count === 0) throw invalid("dead_letter_ids", "is required");
  if (count > maxRedriven) throw invalid("dead_letter_ids", `${count} items is over ${maxRedriven}`);
}
