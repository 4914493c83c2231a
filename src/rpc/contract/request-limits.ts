/** The most items that a request may have in a field, where that is more than a repeated field commonly may. */
export const maxItems = {
  "posta.queue.v1.AddJobsRequest.jobs": 10_000,
  "posta.queue.v1.StreamAddJobsRequest.jobs": 10_000,
  "posta.analytics.v1.TrackEventsRequest.events": 10_000,
  "posta.analytics.v1.StreamEventsRequest.events": 10_000,
} as const;
