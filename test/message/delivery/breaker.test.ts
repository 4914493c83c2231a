import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Breaker } from "../../../src/message/delivery/breaker.js";
import type { SendAnswer } from "../../../src/message/whatsapp/answer.js";

const accepted: SendAnswer = { kind: "accepted", wamid: "w" };
const failure: SendAnswer = { kind: "unsent", message: "no connection" };
const refusedMessage: SendAnswer = { kind: "refused", verdict: "give-up", code: 131026, message: "undeliverable" };
const stopped: SendAnswer = { kind: "refused", verdict: "stop-sender", code: 190, message: "token" };

let breaker: Breaker;
let changes: string[];
beforeEach(() => {
  vi.useFakeTimers();
  breaker = new Breaker({ failures: 3, firstMs: 100, maxMs: 350, stoppedMs: 1000 });
  changes = [];
  breaker.on("change", (state) => changes.push(state));
});
afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

const send = (answer: SendAnswer) => breaker.run(async () => answer);
async function open(): Promise<void> {
  for (let times = 0; times < 3; times += 1) await send(failure);
}

/** A request that is answered when the test says so. */
function begin() {
  let answer = (_: SendAnswer) => {};
  let fail = (_: Error) => {};
  const answered = new Promise<SendAnswer>((resolve, reject) => {
    [answer, fail] = [resolve, reject];
  });
  return { answer, fail, done: breaker.run(() => answered) };
}

describe("a closed breaker", () => {
  it("opens after failures in a row", async () => {
    for (const answer of [failure, failure, accepted, failure, failure]) expect(await send(answer)).toBe(answer);
    expect(breaker.state).toBe("closed");
    await send(failure);
    expect([breaker.state, breaker.openForMs, breaker.code]).toEqual(["open", 100, undefined]);
  });

  it("stays closed when the Cloud API refuses messages, and not the number", async () => {
    for (let times = 0; times < 5; times += 1) await send(refusedMessage);
    expect(breaker.state).toBe("closed");
  });

  it("opens at once when WhatsApp stops the number, and says by which code", async () => {
    await send(stopped);
    expect([breaker.state, breaker.openForMs, breaker.code]).toEqual(["open", 1000, 190]);
  });

  it("stays open as long as the first of several answers says", async () => {
    const late = begin();
    await open();
    late.answer(stopped);
    expect(await late.done).toBe(stopped);
    expect([breaker.openForMs, breaker.code, changes]).toEqual([100, undefined, ["open"]]);
  });
});

describe("an open breaker", () => {
  beforeEach(open);

  it("sends nothing until its time is over; then one message is its trial", async () => {
    const sending = vi.fn(async () => accepted);
    expect(await breaker.run(sending)).toBeUndefined();
    vi.advanceTimersByTime(99);
    expect(breaker.state).toBe("open");
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe("trial");
    const trial = begin();
    expect(await breaker.run(sending)).toBeUndefined();
    expect(sending).not.toHaveBeenCalled();
    trial.answer(accepted);
    expect(await trial.done).toBe(accepted);
    expect(changes).toEqual(["open", "trial", "closed"]);
    expect(await breaker.run(sending)).toBe(accepted);
  });

  it("stays open for twice the time after each trial that fails, up to a limit", async () => {
    const times: number[] = [];
    for (let trials = 0; trials < 4; trials += 1) {
      times.push(breaker.openForMs);
      vi.advanceTimersByTime(breaker.openForMs);
      await send(failure);
    }
    expect(times).toEqual([100, 200, 350, 350]);
    vi.advanceTimersByTime(350);
    await send(accepted);
    await open();
    expect(breaker.openForMs).toBe(100);
  });

  it("begins its trial at once when it is told that something has changed", async () => {
    breaker.tryNow();
    expect(changes).toEqual(["open", "trial"]);
    await send(failure);
    expect(breaker.openForMs).toBe(200);
    vi.advanceTimersByTime(199);
    expect(breaker.state).toBe("open");
  });

  it("has another trial after one that got no answer", async () => {
    breaker.tryNow();
    const trial = begin();
    trial.fail(new Error("broken"));
    await expect(trial.done).rejects.toThrow("broken");
    expect(breaker.state).toBe("trial");
    await send(accepted);
    expect(breaker.state).toBe("closed");
  });
});

it("takes nothing from answers to requests that began before its trial", async () => {
  const [good, bad] = [begin(), begin()];
  await open();
  breaker.tryNow();
  good.answer(accepted);
  bad.answer(failure);
  expect([await good.done, await bad.done]).toEqual([accepted, failure]);
  expect(breaker.state).toBe("trial");
});

it("changes no more when it is closed for good", async () => {
  await open();
  breaker.close();
  vi.advanceTimersByTime(1000);
  expect(changes).toEqual(["open"]);
});
