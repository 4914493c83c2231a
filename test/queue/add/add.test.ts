import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../../support/posta.js";

let posta: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  posta = await startServer(inject("redisUrl"));
  await posta.serving;
});
afterAll(() => posta.stop());

describe("AddJob", () => {
  it("assigns an id and says that it added the job", async () => {
    const answer = await posta.client.queue("AddJob", { queue: "first", job: { name: "send", dataJson: '{"a":1}' } });
    expect(answer.outcome).toBe("OUTCOME_ADDED");
    expect(answer.jobId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const { job } = await posta.client.queue("GetJob", { queue: "first", jobId: answer.jobId });
    expect(job).toMatchObject({ name: "send", dataJson: '{"a":1}', state: "JOB_STATE_WAITING" });
  });

  it("tells a repeated add from one that takes its id for something else", async () => {
    const add = (dataJson: string) =>
      posta.client.queue("AddJob", { queue: "ids", job: { name: "n", dataJson, options: { id: "once" } } });
    expect((await add("1")).outcome).toBe("OUTCOME_ADDED");
    expect((await add("1")).outcome).toBe("OUTCOME_DUPLICATE");
    await expect(add("2")).rejects.toMatchObject({ code: 6 });
  });
});
