import { invalid } from "../../errors/posta-error.js";
import type { CountUniqueRequest__Output as CountUnique } from "../../gen/posta/analytics/v1/CountUniqueRequest.js";
import type { GetCountersRequest__Output as GetCounters } from "../../gen/posta/analytics/v1/GetCountersRequest.js";
import type { GetTimeSeriesRequest__Output as GetTimeSeries } from "../../gen/posta/analytics/v1/GetTimeSeriesRequest.js";
import type { ListTopValuesRequest__Output as ListTopValues } from "../../gen/posta/analytics/v1/ListTopValuesRequest.js";
import type { Series__Output as SeriesMessage } from "../../gen/posta/analytics/v1/Series.js";
import { sharedAnswers } from "../../rpc/contract/shared-answer.js";
import { toTimestamp } from "../../rpc/contract/times.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { Reads } from "../create-analytics.js";
import type { ValueCount } from "../history/history-values.js";
import type { Series } from "../hot/keys.js";
import { type Point, type SumsTable, toPoints } from "../read/read-sums.js";
import { minuteMs, parseRange } from "../time/range.js";
import type { Interval } from "../time/time-buckets.js";
import { requireDimension, requireDimensionValue, requireEventName } from "../track/checked-texts.js";

const maxSeries = 100;
const defaultTop = 10;
const maxTop = 1000;

const intervals: Record<string, Interval> = { INTERVAL_MINUTE: "minute", INTERVAL_HOUR: "hour", INTERVAL_DAY: "day" };

/** The part of AnalyticsService that reads: GetCounters, GetTimeSeries, CountUnique, ListTopValues. */
export function readHandlers<Handler>(adapter: Adapter<Handler>, { sums, lists }: Reads) {
  // The cache returns the same result to all callers: it is encoded once.
  const toSeriesResponse = sharedAnswers((table: SumsTable) => ({ points: toPoints(table).map(toPointMessage) }));
  const toValuesResponse = sharedAnswers((values: readonly ValueCount[]) => ({ values: [...values] }));
  return {
    GetCounters: adapter.unary(async ({ series, start, end }: GetCounters, context) => {
      if (series.length === 0) throw invalid("series", "is required");
      if (series.length > maxSeries) throw invalid("series", `${series.length} items is over ${maxSeries}`);
      const asked = series.map((one, index) => toSeries(one, `series[${index}]`, context));
      return { counters: await sums.counters(asked, parseRange(start, end, "minute")) };
    }),
    GetTimeSeries: adapter.unary(async ({ series, start, end, interval, timeZone }: GetTimeSeries, context) => {
      if (!series) throw invalid("series", "is required");
      const asked = toSeries(series, "series", context);
      return toSeriesResponse(
        await sums.timeSeries(asked, parseRange(start, end, "minute"), toInterval(interval), timeZone),
      );
    }),
    CountUnique: adapter.unary(async ({ name, start, end }: CountUnique, context) => {
      requireEvent(name, context);
      return lists.countUnique(name, parseRange(start, end, "hour"));
    }),
    ListTopValues: adapter.unary(async ({ name, dimension, start, end, limit }: ListTopValues, context) => {
      requireEvent(name, context);
      requireDimension(dimension, "dimension");
      if (limit < 0 || limit > maxTop) throw invalid("limit", `${limit} is not from 0 to ${maxTop}`);
      const range = parseRange(start, end, "hour");
      return toValuesResponse(await lists.topValues({ name, dimension }, range, limit || defaultTop));
    }),
  };
}

function toPointMessage({ start, events, total }: Point) {
  return { start: toTimestamp(start * minuteMs), events, total };
}

/** Throws invalid for a wrong series, and forbidden for events that the caller may not read. */
function toSeries({ name, dimension, value }: SeriesMessage, path: string, context: CallContext): Series {
  requireEvent(name, context, `${path}.name`);
  if (dimension !== "") {
    requireDimension(dimension, `${path}.dimension`);
    requireDimensionValue(value, `${path}.value`);
  } else if (value !== "") throw invalid(`${path}.value`, "needs a dimension");
  return { name, dimension, value };
}

function requireEvent(name: string, { principal }: CallContext, field = "name"): void {
  requireEventName(name, field);
  principal.require("event", name);
}

function toInterval(interval: string): Interval {
  const found = intervals[interval];
  if (!found) throw invalid("interval", "is required: MINUTE, HOUR or DAY");
  return found;
}
