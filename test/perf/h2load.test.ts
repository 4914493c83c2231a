import { expect, it } from "vitest";
import { parseH2load } from "../../perf/bench/h2load.js";

/** What h2load 1.52 printed of a load of 2 s, after a warm-up of 1 s. It counts no call of the warm-up. */
const report = `finished in 3.00s, 34973.00 req/s, 5.20MB/s
requests: 69946 total, 69946 started, 69946 done, 69946 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 69946 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 10.41MB (10911576) total, 9.95MB (10431995) headers (space savings 0.00%), 177.17KB (181426) data
`;

it("a report of h2load has the rate and the answers, without the warm-up", () => {
  expect(parseH2load(report, 2)).toEqual({ perSecond: 34973, answered: 69946, failures: 0 });
});

it("a report of h2load counts what failed, and a text that is no report is refused", () => {
  const failed = report.replace("0 failed, 0 errored", "3 failed, 4 errored");
  expect(parseH2load(failed, 2).failures).toBe(7);
  expect(() => parseH2load("h2load: unknown option", 2)).toThrow(/^h2load: this is no report: h2load: unknown option/);
});
