import type { ListRecentEventsRequest__Output as ListRecentEvents } from "../../gen/posta/analytics/v1/ListRecentEventsRequest.js";
import { sharedAnswers } from "../../rpc/contract/shared-answer.js";
import type { Adapter } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { Reads } from "../create-analytics.js";
import type { RecentLister, RecentPage } from "../read/list-recent.js";
import { requireEventName } from "../track/checked-texts.js";
import type { Tracker } from "../track/track.js";
import { toEventMessage } from "./convert-event.js";
import { readHandlers } from "./read-service.js";
import { trackHandlers } from "./track-service.js";

/** What AnalyticsService calls. */
export interface AnalyticsParts {
  tracker: Tracker;
  recent: RecentLister;
  reads: Reads;
}

/** The RPC edge of the analytics: request to domain, domain to response, and no rule of its own. */
export function analyticsHandlers<Handler>(adapter: Adapter<Handler>, parts: AnalyticsParts, statuses: StatusMap) {
  // Several callers may share a page: it is encoded once.
  const toRecentResponse = sharedAnswers(({ events, nextPageToken }: RecentPage) => {
    return { events: events.map(toEventMessage), nextPageToken };
  });
  return {
    ...trackHandlers(adapter, parts.tracker, statuses),
    ...readHandlers(adapter, parts.reads),
    ListRecentEvents: adapter.unary(async ({ name, pageSize, pageToken }: ListRecentEvents, { principal }) => {
      requireEventName(name);
      principal.require("event", name);
      return toRecentResponse(await parts.recent.list(name, pageSize, pageToken));
    }),
  };
}
