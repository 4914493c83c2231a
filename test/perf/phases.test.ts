import { describe, expect, it } from "vitest";
import { requireCountable } from "../../perf/ghz/ghz.js";
import { Progress } from "../../perf/report/progress.js";
import type { LoadResult } from "../../perf/suites/load.js";
import { readSuite, type Scenario } from "../../perf/suites/scenario.js";
import { type Step, toOutcome } from "../../perf/suites/stress.js";
import type { Outcome } from "../../perf/suites/suite.js";
import { leaveOutUnfit } from "../../perf/suites/unfit.js";
import { readTargets } from "../../slo/targets.js";

describe("a load on a service that is not the suite's own", () => {
  const phases = readSuite("load", readTargets()).phases;
  const namesOf = (place: Parameters<typeof leaveOutUnfit>[1]) =>
    leaveOutUnfit(phases, place)[0]
      .flat()
      .map(({ name }) => name);
  const own = { primary: 1, admin: "http://127.0.0.1:1", mayMessage: true };

  it("sends no messages, unless it may, and scrapes no metrics without their address", () => {
    const [left, lines] = leaveOutUnfit(phases, { primary: undefined, admin: undefined, mayMessage: false });
    const names = left.flat().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["queue-add", "http-read"]));
    expect(left.flat().filter(({ tool, operation }) => tool === "delivery" || operation === "message-send")).toEqual(
      [],
    );
    expect(left.every((phase) => phase.length > 0)).toBe(true);
    expect(lines).toContain("metrics-scrape is left out: needs ADMIN, the address of the admin port");
    expect(lines).toContain(
      "message-send is left out: a service that runs may send them to people: MESSAGES=1 allows it",
    );
    expect(lines).toContain("whatsapp-send is left out: needs a cluster of its own");
    expect(lines).toHaveLength(phases.flat().length - names.length);
    const [scenario] = phases.flat().filter(({ tool }) => tool === "ghz");
    const many = { ...scenario, operation: "any", call: "posta.message.v1.MessageService/SendMessages" } as Scenario;
    expect(leaveOutUnfit([[many]], { ...own, mayMessage: false })[0]).toEqual([]);
  });

  it("does what it was allowed, and all of it on a cluster of its own", () => {
    const allowed = namesOf({ ...own, primary: undefined });
    expect(allowed).toEqual(expect.arrayContaining(["message-send", "metrics-scrape"]));
    expect(allowed).not.toContain("whatsapp-send");
    expect(leaveOutUnfit(phases, own)).toEqual([phases, []]);
  });
});

describe("a load that ghz could not report", () => {
  const load = { call: "S/M", rate: 1000, warmupSeconds: 1 };

  it("is refused, with what it may be", () => {
    expect(() => requireCountable({ ...load, seconds: 999 })).not.toThrow();
    expect(() => requireCountable({ ...load, seconds: 1999 })).toThrow(
      /^DURATION, RATE: S\/M at 1000\/s for 2000 s, .* 1,000,000 calls .*: use 1000 s at most, or 500\/s$/,
    );
    expect(() => requireCountable({ ...load, rate: undefined, seconds: 1e9 })).not.toThrow();
  });
});

describe("the knee of a stress run", () => {
  const step = (rate: number, breach?: string): Step => {
    const measured = { broken: [] } as unknown as LoadResult["measured"];
    return { rate, breach, result: { measured } as LoadResult };
  };
  const throughputOf = ({ results }: Outcome) =>
    results.filter(({ answersFor }) => answersFor.includes("queue-throughput"));

  it("is the highest good rate, and answers for the throughput", () => {
    const [good, bad] = [step(500), step(750, "P99 120 ms")];
    const outcome = toOutcome([good, bad], good, bad, 50_000);
    expect(outcome.findings).toEqual([
      "knee: 500/s is the highest rate that met every objective",
      "at 750/s: P99 120 ms",
    ]);
    expect(throughputOf(outcome)).toHaveLength(1);
  });

  it("is not found, and answers for nothing, where no rate broke a target", () => {
    const outcome = toOutcome([step(500), step(750)], step(750), undefined, 832);
    expect(outcome.findings[0]).toMatch(/^no target broke up to 750\/s; the most that may be tried is 832\/s/);
    expect(throughputOf(outcome)).toEqual([]);
  });
});

describe("progress", () => {
  const onTerminal = () => {
    const written: string[] = [];
    const out = { isTTY: true, write: (text: string) => written.push(text) };
    return { progress: new Progress(out as unknown as NodeJS.WriteStream), written };
  };

  it("ends its line when the work does, however that ends", async () => {
    const { progress, written } = onTerminal();
    expect(await progress.during("adding", 1, async () => 7)).toBe(7);
    const failing = progress.during("reading", 1, async () => Promise.reject(new Error("no server")));
    await expect(failing).rejects.toThrow("no server");
    expect(written).toEqual(["\r\x1b[K  adding: done\n", "\r\x1b[K  reading: failed\n"]);
  });
});
