import { describe, expect, it } from "vitest";
import { requireCountable } from "../../perf/ghz/ghz.js";
import { Progress } from "../../perf/report/progress.js";
import { readSuite } from "../../perf/suites/scenario.js";
import { leaveOutUnfit } from "../../perf/suites/unfit.js";
import { readTargets } from "../../perf/targets.js";

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

  it("is refused, with the longest time that it could", () => {
    expect(() => requireCountable({ ...load, seconds: 999 })).not.toThrow();
    expect(() => requireCountable({ ...load, seconds: 1000 })).toThrow(
      /^DURATION: 1000 s of S\/M at 1000\/s are over the 1,000,000 calls .*; use at most 999s$/,
    );
    expect(() => requireCountable({ ...load, rate: undefined, seconds: 1e9 })).not.toThrow();
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
