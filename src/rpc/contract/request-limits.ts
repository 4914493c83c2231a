/** Maximum items of the fields that may have more items than the default of `MessagePlans`. */
export const maxItems = {
  "posta.queue.v1.AddJobsRequest.jobs": 10_000,
  "posta.queue.v1.StreamAddJobsRequest.jobs": 10_000,
  "posta.analytics.v1.TrackEventsRequest.events": 10_000,
  "posta.analytics.v1.StreamEventsRequest.events": 10_000,
} as const;
