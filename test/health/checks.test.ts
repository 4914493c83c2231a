import { describe, expect, it, onTestFinished, vi } from "vitest";
import { toBacklog } from "../../src/health/backlog.js";
import { DiskCheck, type Statfs } from "../../src/health/disk-check.js";
import { EventLoopCheck, MemoryCheck } from "../../src/health/process-checks.js";
import { QueueCheck } from "../../src/health/queue-check.js";

const gibibyte = 2 ** 30;

/** A check of folders on a disk of 1000 GiB, or as many as are given. */
function diskWith(stat: Statfs) {
  const check = new DiskCheck(["/data/queue", "/data/postgres"], stat);
  check.start();
  onTestFinished(() => check.stop());
  return check;
}
const free = (gib: number, all: number) => ({
  bsize: 4096,
  blocks: (all * gibibyte) / 4096,
  bavail: (gib * gibibyte) / 4096,
});

describe("the disk", () => {
  it.each([
    [500, 1000, "OK"],
    [99, 1000, "DEGRADED"],
    [19, 1000, "DOWN"],
    [0.9, 5, "DEGRADED"],
    [0.09, 2, "DOWN"],
  ] as const)("with %d of %d GiB free is %s", async (gib, all, status) => {
    const disk = diskWith(async () => free(gib, all));
    await expect
      .poll(() => disk.read())
      .toMatchObject({ status, detail: expect.stringContaining("are free for queue") });
  });

  it("is as the worst of the folders, and names that without its path", async () => {
    const disk = diskWith(async (dir) => free(dir.endsWith("postgres") ? 1 : 500, 1000));
    await expect
      .poll(() => disk.read())
      .toMatchObject({
        status: "DOWN",
        detail: "1.0 GiB, 0.1%, are free for postgres.",
      });
  });

  it("is DOWN when it cannot be looked at, and tells no path", async () => {
    const error = Object.assign(new Error("EIO: i/o error, statfs '/data/queue'"), { code: "EIO" });
    const disk = diskWith(() => Promise.reject(error));
    await expect
      .poll(() => disk.read())
      .toMatchObject({ status: "DOWN", detail: "The disk cannot be looked at: EIO." });
  });

  it("is DOWN while it does not answer, and is not asked again meanwhile", () => {
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const asked: string[] = [];
    const disk = diskWith((dir) => {
      asked.push(dir);
      return new Promise(() => {});
    });
    expect(disk.read()).toMatchObject({ untried: true });
    vi.advanceTimersByTime(20_000);
    expect(disk.read()).toMatchObject({ status: "DOWN", detail: expect.stringContaining("not answered for 20 s") });
    expect(asked).toEqual(["/data/queue", "/data/postgres"]);
  });

  it("has no place where no store is embedded", () => {
    expect(new DiskCheck([]).read()).toBeUndefined();
  });
});

describe("the queue", () => {
  type State = { usable: boolean; isLost: boolean; refusal: string | undefined };
  const there: State = { usable: true, isLost: false, refusal: undefined };
  const lost: State = { ...there, usable: false, isLost: true };
  const idle = { oldestDueAgeMs: 0, completedPerSecond: 0, failedPerSecond: 0, readAt: Date.now() };
  const read = (canAdd: boolean, redis = there, backlog: typeof idle | undefined = idle) =>
    new QueueCheck({ canAdd: () => canAdd, redis }, () => backlog).read();

  it("is OK while jobs can be added to Redis, DEGRADED while to the spool, DOWN while nowhere", () => {
    expect(read(true).status).toBe("OK");
    expect(read(true, lost).status).toBe("DEGRADED");
    expect(read(true, { ...there, refusal: "its memory is full" }).status).toBe("DEGRADED");
    expect(read(false, lost)).toMatchObject({ status: "DOWN", untried: false });
    expect(read(false, { ...there, refusal: "its memory is full" })).toMatchObject({ status: "DOWN", untried: false });
    expect(read(false, { ...there, usable: false })).toMatchObject({ status: "DOWN", untried: true });
  });

  it("is DEGRADED when a job waits for too long, and tells no queue's name: health needs no token", () => {
    const backlog = { ...idle, oldestDueAgeMs: 301_000 };
    expect(read(true, there, backlog)).toMatchObject({
      status: "DEGRADED",
      detail: expect.stringMatching(
        /^Jobs can be added. The oldest that is due has waited for 301.0 s \(see posta_queue_oldest_due_age_seconds\)/,
      ),
    });
  });

  it("is DEGRADED when most jobs fail, and not for a single one", () => {
    expect(read(true, there, { ...idle, completedPerSecond: 1, failedPerSecond: 3 })).toMatchObject({
      status: "DEGRADED",
      detail: expect.stringContaining("75.0%"),
    });
    expect(read(true, there, { ...idle, failedPerSecond: 1 / 60 }).status).toBe("OK");
  });

  it("is DEGRADED when nobody counts what waits, once there is a Redis in which that could be done", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const redis = { ...there };
    const check = new QueueCheck({ canAdd: () => true, redis }, () => idle);
    redis.usable = false;
    vi.setSystemTime(idle.readAt + 60_000);
    expect(check.read().detail).toContain("spool");
    redis.usable = true;
    expect(check.read().status).toBe("OK");
    vi.setSystemTime(idle.readAt + 81_000);
    expect(check.read()).toMatchObject({ status: "DEGRADED", detail: expect.stringContaining("not counted for 21 s") });
  });

  it("leaves paused queues out of the ages, and adds up the rates", () => {
    const rates = { completedPerSecond: 1, failedPerSecond: 2, counts: { completed: 9 } };
    const queues = [
      { paused: true, oldestDueAgeMs: 9000, ...rates },
      { paused: false, oldestDueAgeMs: 500, ...rates },
      { paused: false, oldestDueAgeMs: undefined, ...rates },
      // It removes what did well: that nothing but failures is to be seen says nothing.
      { paused: false, oldestDueAgeMs: undefined, ...rates, counts: { completed: 0 } },
    ];
    expect(toBacklog(queues, 17)).toEqual({
      oldestDueAgeMs: 500,
      completedPerSecond: 3,
      failedPerSecond: 6,
      readAt: 17,
    });
  });
});

describe("the process", () => {
  const use = { rss: 100, rssLimit: 1000, heap: 100, heapLimit: 1000 };
  it.each([
    [{}, "OK"],
    [{ rss: 900 }, "DEGRADED"],
    [{ heap: 900 }, "DEGRADED"],
    [{ heap: 980 }, "DOWN"],
  ] as const)("whose memory differs by %j is %s", (part, status) => {
    expect(new MemoryCheck({ latest: undefined }, () => ({ ...use, ...part })).read().status).toBe(status);
  });

  it.each([
    [60, "OK"],
    [40, "DEGRADED"],
    [10, "DOWN"],
  ] as const)("of whose memory %d of 1000 MB are left for all is %s", (left, status) => {
    const latest = { left: left << 20, limit: 1000 << 20 };
    const reading = new MemoryCheck({ latest }, () => use).read();
    expect(reading).toMatchObject({ status, detail: expect.stringContaining(`${left} of 1000 MB are left for all`) });
  });

  it("reads its own memory", () => {
    expect(new MemoryCheck({ latest: undefined }).read()).toMatchObject({
      status: "OK",
      detail: expect.stringMatching(/has [1-9]\d* of/),
    });
  });

  it("remembers that its event loop was held up", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const check = new EventLoopCheck();
    check.start();
    onTestFinished(() => check.stop());
    const heldUp = () => {
      const until = Date.now() + 700;
      while (Date.now() < until);
    };
    setTimeout(heldUp, 50);
    await expect.poll(() => check.read()).toMatchObject({ status: "DEGRADED" });
    expect(check.read().latencyMs).toBeGreaterThan(600);
    // A window ends with the read after it: the next one shows what was in it, the one after that does not.
    vi.advanceTimersByTime(5001);
    expect([check.read().status, check.read().status]).toEqual(["DEGRADED", "DEGRADED"]);
    vi.advanceTimersByTime(5001);
    expect([check.read().status, check.read().status]).toEqual(["DEGRADED", "OK"]);
  });
});
