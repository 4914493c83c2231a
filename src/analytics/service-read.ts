import { invalid, PostaError } from "../errors.js";
import type { CountUniqueRequest__Output as CountUnique } from "../gen/posta/analytics/v1/CountUniqueRequest.js";
import type { GetCountersRequest__Output as GetCounters } from "../gen/posta/analytics/v1/GetCountersRequest.js";
import type { GetTimeSeriesRequest__Output as GetTimeSeries } from "../gen/posta/analytics/v1/GetTimeSeriesRequest.js";
import type { ListTopValuesRequest__Output as ListTopValues } from "../gen/posta/analytics/v1/ListTopValuesRequest.js";
import type { Series__Output as SeriesMessage } from "../gen/posta/analytics/v1/Series.js";
import type { Adapter, CallContext } from "../grpc/method.js";
import { toTimestamp } from "../grpc/times.js";
import { requireDimension, requireDimensionValue, requireEventName } from "./checked-texts.js";
import type { Series } from "./keys.js";
import type { Reads } from "./parts.js";
import { minuteMs, parseRange } from "./range.js";
import type { Interval } from "./time-buckets.js";

const maxSeries = 100;
const defaultLimit = 10;
const maxLimit = 1000;
const intervals = new Map<unknown, Interval>([
  ["INTERVAL_MINUTE", "minute"],
  ["INTERVAL_HOUR", "hour"],
  ["INTERVAL_DAY", "day"],
]);

/** The part of AnalyticsService that reads what was counted. */
export function readHandlers<Handler>(adapter: Adapter<Handler>, { sums, lists }: Reads) {
  return {
    GetCounters: adapter.unary(async ({ series, start, end }: GetCounters, context) => {
      if (series.length === 0) throw invalid("series", "is required");
      if (series.length > maxSeries) throw invalid("series", `${series.length} items is over ${maxSeries}`);
      const wanted = series.map((one, index) => parseSeries(one, `series[${index}]`, context));
      return { counters: await sums.counters(wanted, parseRange(start, end, "minute")) };
    }),
    GetTimeSeries: adapter.unary(async ({ series, start, end, interval, timeZone }: GetTimeSeries, context) => {
      if (!series) throw invalid("series", "is required");
      const wanted = parseSeries(series, "series", context);
      const range = parseRange(start, end, "minute");
      const points = await sums.timeSeries(wanted, range, parseInterval(interval), timeZone);
      return { points: points.map((point) => ({ ...point, start: toTimestamp(point.start * minuteMs) })) };
    }),
    CountUnique: adapter.unary(async ({ name, start, end }: CountUnique, context) => {
      requireAllowed(name, context);
      return lists.countUnique(name, parseRange(start, end, "hour"));
    }),
    ListTopValues: adapter.unary(async ({ name, dimension, start, end, limit }: ListTopValues, context) => {
      requireAllowed(name, context);
      requireDimension(dimension, "dimension");
      const range = parseRange(start, end, "hour");
      return { values: [...(await lists.topValues({ name, dimension }, range, parseLimit(limit)))] };
    }),
  };
}

function requireAllowed(name: string, { principal }: CallContext): void {
  requireEventName(name);
  principal.require("the event", name);
}

/** Names the field at fault as a part of the series: "series[3].dimension". */
function parseSeries({ name, dimension, value }: SeriesMessage, path: string, context: CallContext): Series {
  try {
    requireAllowed(name, context);
    if (dimension === "" && value !== "") throw invalid("value", "goes with a dimension only");
    if (dimension !== "") {
      requireDimension(dimension, "dimension");
      requireDimensionValue(value, "value");
    }
  } catch (error) {
    throw error instanceof PostaError ? error.within(path) : error;
  }
  return { name, dimension, value };
}

function parseInterval(interval: GetTimeSeries["interval"]): Interval {
  const known = intervals.get(interval);
  if (!known) throw invalid("interval", "is required: MINUTE, HOUR or DAY");
  return known;
}

function parseLimit(limit: number): number {
  if (limit < 0) throw invalid("limit", `${limit} is under 0`);
  if (limit > maxLimit) throw invalid("limit", `${limit} is over ${maxLimit}`);
  return limit === 0 ? defaultLimit : limit;
}
