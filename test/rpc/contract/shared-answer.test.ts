import { expect, it } from "vitest";
import { loadContract } from "../../../src/rpc/contract/contract.js";
import { encodeShared, SharedAnswer, sharedAnswers } from "../../../src/rpc/contract/shared-answer.js";

it("is encoded once, by whichever call is first", () => {
  let count = 0;
  const encode = encodeShared((response) => {
    count += 1;
    return Buffer.from(JSON.stringify(response));
  });
  const answer = new SharedAnswer({ values: [1] });
  expect(encode(answer).toString()).toBe('{"values":[1]}');
  expect(encode(answer)).toBe(encode(answer));
  expect(count).toBe(1);
  expect(encode({ values: [2] }).toString()).toBe('{"values":[2]}');
  expect(count).toBe(2);
});

it("is the same one for the same result, and another one for an equal result", () => {
  const answerOf = sharedAnswers((numbers: number[]) => ({ values: numbers }));
  const numbers = [1];
  expect(answerOf(numbers)).toBe(answerOf(numbers));
  expect(answerOf([1])).not.toBe(answerOf(numbers));
});

it("is what the contract's methods can answer, on every transport", () => {
  const { ListTopValues } = loadContract().service("posta.analytics.v1.AnalyticsService");
  const response = { values: [{ value: "sms", events: 3 }] };
  const shared = new SharedAnswer(response);
  expect(ListTopValues?.responseSerialize(shared)).toEqual(ListTopValues?.responseSerialize(response));
  expect(ListTopValues?.responseSerialize(shared)).toBe(ListTopValues?.responseSerialize(shared));
});
