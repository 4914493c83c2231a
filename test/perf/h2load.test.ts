import { expect, it } from "vitest";
import { parseH2load } from "../../perf/bench/h2load.js";

/** What h2load 1.64 printed of a load of 2 s, after a warm-up of 1 s. */
const report = `finished in 3.00s, 9936.50 req/s, 1.20MB/s
requests: 19873 total, 19937 started, 19873 done, 19873 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 29905 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 2.40MB (2516582) total, 800.00KB (819200) headers (space savings 90.00%), 400.00KB (409600) data
`;

it("a report of h2load has the rate without the warm-up, and all answers with it", () => {
  expect(parseH2load(report, 2)).toEqual({ perSecond: 9936.5, answered: 29905, failures: 0 });
});

it("a report of h2load counts what failed, and a text that is no report is refused", () => {
  const failed = report.replace("0 failed, 0 errored", "3 failed, 4 errored");
  expect(parseH2load(failed, 2).failures).toBe(7);
  expect(() => parseH2load("h2load: unknown option", 2)).toThrow(/^h2load: this is no report: h2load: unknown option/);
});
