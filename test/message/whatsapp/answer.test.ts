import { expect, it } from "vitest";
import { readAnswer } from "../../../src/message/whatsapp/answer.js";

const accepted = (id: string) => readAnswer(200, JSON.stringify({ messages: [{ id }] }));

it("takes of a message's id what PostgreSQL can keep", () => {
  expect(accepted("wamid.a")).toEqual({ kind: "accepted", wamid: "wamid.a" });
  expect(accepted("wamid.\0a")).toEqual({ kind: "accepted", wamid: "wamid.a" });
  expect(accepted("x".repeat(10_000))).toEqual({ kind: "accepted", wamid: "x".repeat(256) });
  expect(accepted("\0")).toMatchObject({ kind: "unknown" });
});

it("judges an error's code, however large it is", () => {
  const text = JSON.stringify({ error: { code: 3_000_000_000, message: "new" } });
  expect(readAnswer(400, text)).toMatchObject({ kind: "refused", verdict: "give-up", code: 3_000_000_000 });
});
