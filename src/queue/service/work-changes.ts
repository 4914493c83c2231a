import { invalid, type PostaError } from "../../errors/posta-error.js";
import type { WorkAck } from "../../gen/posta/queue/v1/WorkAck.js";
import type { WorkReport__Output as WorkReport } from "../../gen/posta/queue/v1/WorkReport.js";
import type { WorkUpdate__Output as WorkUpdate } from "../../gen/posta/queue/v1/WorkUpdate.js";
import type { CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import { textBytesOf, type Weight } from "../../rpc/stream/open-weight.js";
import type { Session } from "../work/session/session.js";
import type { Report, Update, Verdict } from "../work/work.js";
import { requireReportId, toAck } from "./convert-session.js";
import { requireItems, toReportOrError, toUpdateOrError } from "./convert-work.js";
import { requireMayWork } from "./queue-access.js";

export interface ChangeParts {
  context: CallContext;
  maxJobBytes: number;
  statuses: StatusMap;
  acknowledge(acks: WorkAck[]): void;
  /** A message is open, until the returned function is called. */
  begin(weight: Weight): () => void;
}

/** What a report or an update is about. */
interface Subject {
  reportId: number;
  queue: string;
  jobId: string;
}

/** Applies the reports and updates of a session's messages, and acknowledges them. */
export class WorkChanges {
  constructor(private readonly parts: ChangeParts) {}

  /** Throws invalid if the message itself is wrong. A report that is wrong fails alone. */
  report(session: Session, reports: readonly WorkReport[]): void {
    requireNumbered(reports, "reports.reports");
    const items = reports.map((one, index) => this.toReport(one, `reports.reports[${index}]`));
    void this.apply(reports, items, (queue, some) => session.report(queue, some));
  }

  /** Like {@link report}. */
  update(session: Session, updates: readonly WorkUpdate[]): void {
    requireNumbered(updates, "updates.updates");
    const items = updates.map((one, index) => this.toUpdate(one, `updates.updates[${index}]`));
    void this.apply(updates, items, (queue, some) => session.update(queue, some));
  }

  /** Applies the items of a message, those of each queue together. */
  private async apply<Item>(
    messages: readonly (WorkReport | WorkUpdate)[],
    items: readonly (Item | PostaError)[],
    change: (queue: string, items: (Item | PostaError)[]) => Promise<(Verdict | PostaError)[]>,
  ): Promise<void> {
    const done = this.parts.begin({ items: messages.length, bytes: textBytesOf(messages) });
    const subjects = messages.map(toSubject);
    const toItem = this.parts.statuses.forItems();
    const changes = [...placesByQueue(subjects)].map(async ([queue, places]) => {
      const results = await change(
        queue,
        places.map((place) => items[place] as Item | PostaError),
      );
      this.parts.acknowledge(
        places.map((place, index) => {
          return toAck(subjects[place] as Subject, results[index] as Verdict | PostaError, toItem);
        }),
      );
    });
    await Promise.all(changes);
    done();
  }

  private toReport({ queue, report }: WorkReport, at: string): Report | PostaError {
    return this.toItem(queue, at, () =>
      report ? toReportOrError(report, `${at}.report`, this.parts.maxJobBytes) : invalid(`${at}.report`, "is required"),
    );
  }

  private toUpdate({ queue, update }: WorkUpdate, at: string): Update | PostaError {
    return this.toItem(queue, at, () =>
      update ? toUpdateOrError(update, `${at}.update`, this.parts.maxJobBytes) : invalid(`${at}.update`, "is required"),
    );
  }

  private toItem<Item>(queue: string, at: string, convert: () => Item | PostaError): Item | PostaError {
    try {
      requireMayWork(queue, this.parts.context, `${at}.queue`);
    } catch (error) {
      return error as PostaError;
    }
    return convert();
  }
}

function requireNumbered(list: readonly { reportId: number }[], field: string): void {
  requireItems(list, field);
  for (const [index, { reportId }] of list.entries()) requireReportId(reportId, `${field}[${index}].report_id`);
}

function toSubject({ reportId, queue, ...about }: WorkReport | WorkUpdate): Subject {
  const named = "report" in about ? about.report : about.update;
  return { reportId, queue, jobId: named?.jobId ?? "" };
}

function placesByQueue(subjects: readonly Subject[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { queue }] of subjects.entries()) {
    const known = places.get(queue);
    if (known) known.push(place);
    else places.set(queue, [place]);
  }
  return places;
}
