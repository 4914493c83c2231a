import { unzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { formatCase, parseCase, requestBytes } from "../../perf/fuzz/case.js";
import { Contract } from "../../perf/fuzz/contract.js";
import { generateMessage } from "../../perf/fuzz/generate-message.js";
import { planHeavy } from "../../perf/fuzz/heavy.js";
import { renderJson } from "../../perf/fuzz/json.js";
import { readOptions } from "../../perf/fuzz/options.js";
import { planCase } from "../../perf/fuzz/plan-case.js";
import { Random } from "../../perf/fuzz/random.js";
import { SeenValues } from "../../perf/fuzz/seen-values.js";
import { lastAt } from "../../perf/fuzz/tree.js";
import { encodeField, encodeTree, encodeVarint } from "../../perf/fuzz/wire.js";

const contract = new Contract();
const { methods } = contract;

function plan(seed: number, number: number) {
  return planCase({ seed, number, methods, withPages: true, seen: new SeenValues() });
}

/** Without what depends on the time of day. */
function shapeOf(seed: number): string[] {
  return Array.from({ length: 300 }, (_, number) => {
    const { form, target, caller, oddities, ending } = plan(seed, number);
    return [form, target, caller, ending, ...oddities].join(" ");
  });
}

describe("the contract of a fuzz", () => {
  it("has every service that the files have, and reflection", () => {
    const services = new Set(methods.map(({ name }) => name.split("/")[0]));
    expect([...services].sort()).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "posta.analytics.v1.AnalyticsService",
      "posta.health.v1.HealthService",
      "posta.message.v1.MessageService",
      "posta.queue.v1.QueueService",
      "posta.queue.v1.WorkerService",
    ]);
    expect(methods.find(({ name }) => name.endsWith("/StreamAddJobs"))).toMatchObject({
      streamsRequests: true,
      isRead: false,
      isOpen: false,
    });
  });
});

describe("cases", () => {
  it("are the same for the same seed, and others for another", () => {
    expect(shapeOf(7)).toEqual(shapeOf(7));
    expect(shapeOf(7)).not.toEqual(shapeOf(8));
  });

  it("are of every method, form, caller, ending and oddity", () => {
    const plans = Array.from({ length: 6000 }, (_, number) => plan(1, number));
    const all = (pick: (found: ReturnType<typeof plan>) => string[]) => new Set(plans.flatMap(pick));
    const targets = all(({ target }) => [target]);
    for (const { name } of methods) expect(targets).toContain(name);
    expect([...all(({ form }) => [form])].sort()).toEqual(["admin", "grpc", "json", "proto", "webhook"]);
    expect(all(({ caller }) => [caller])).toEqual(new Set(["owner", "guest", "nobody", "stranger"]));
    expect(all(({ ending }) => [ending])).toEqual(new Set(["end", "open", "cancel", "deaf"]));
    const oddities = all((found) => found.oddities);
    for (const name of ["gzip-bomb", "length-too-long", "metadata-huge", "timeout", "bytes", "half-sent", "version"]) {
      expect(oddities).toContain(name);
    }
    expect(plans.some(({ kept }) => kept !== undefined)).toBe(true);
  });

  it("can be written to a file and read again", () => {
    const written = { ...plan(1, 3), kept: Buffer.from([0xff]) };
    expect(parseCase(formatCase(written))).toEqual(written);
    expect(() => parseCase("{}")).toThrow(/^REPLAY: /);
  });

  it("are bounded in size", () => {
    const sizes = Array.from({ length: 2000 }, (_, number) => requestBytes(plan(4, number)));
    // A stream has at most five messages, and a message seldom more than two lists that are as long as can be.
    expect(Math.max(...sizes)).toBeLessThan(64 << 20);
  });
});

describe("generated messages", () => {
  const taste = (seed: number, wildness: number) => {
    return { random: new Random(seed), seen: new SeenValues(), caller: "owner" as const, wildness };
  };

  it.each(methods.map((method) => [method.name, method] as const))(
    "of %s are read alike by protobuf and JSON",
    (_, method) => {
      for (let seed = 0; seed < 20; seed += 1) {
        const tree = generateMessage(method.request, taste(seed, 0));
        const decoded = method.request.decode(encodeTree(tree));
        expect(method.request.verify(decoded)).toBeNull();
        expect(() => JSON.parse(renderJson(tree).toString())).not.toThrow();
      }
    },
  );

  it("have what the contract requires, unless they are wild", () => {
    const type = contract.type("posta.queue.v1.AddJobRequest");
    const name = (wildness: number, seed: number) =>
      lastAt(generateMessage(type, taste(seed, wildness)), "job", "name");
    const seeds = Array.from({ length: 100 }, (_, seed) => seed);
    expect(seeds.every((seed) => typeof name(0, seed) === "string")).toBe(true);
    expect(seeds.some((seed) => name(1, seed) === undefined)).toBe(true);
  });

  it("are encoded as protobuf has it, also where a library would refuse", () => {
    expect(encodeVarint(300n)).toEqual(Buffer.from([0xac, 0x02]));
    expect(encodeVarint(-1n)).toHaveLength(10);
    expect(encodeField(1, "string", Buffer.from([0xff]))).toEqual(Buffer.from([0x0a, 1, 0xff]));
    expect(encodeField(3, "bool", 2n)).toEqual(Buffer.from([0x18, 2]));
    expect(encodeField(5, "double", 1.5)).toHaveLength(9);
  });
});

describe("large requests", () => {
  it("are nearly as large as a request may be, whatever their shape", () => {
    const method = methods.find(({ name }) => name.endsWith("/StreamAddJobs"));
    if (!method) throw new Error("no such method");
    const cases = planHeavy({ method, form: "grpc", caller: "owner", seed: 1 });
    expect(cases.map(({ shape }) => shape)).toEqual(
      expect.arrayContaining([
        "jobs: many empty",
        "jobs.data_json: nested lists",
        "many smallest messages",
        "unknown fields",
      ]),
    );
    for (const { plan: create } of cases) {
      const bytes = requestBytes(create());
      expect(bytes).toBeGreaterThan(1_000_000);
      expect(bytes).toBeLessThan(4.1 * 2 ** 20);
    }
  });
});

describe("packed messages", () => {
  it("fill a frame of each stream, reflection's too, and unpack to hundreds of times as much; some are never read", () => {
    const streams = methods.filter((method) => method.streamsRequests);
    expect(streams.map(({ name }) => name.split("/")[1])).toContain("ServerReflectionInfo");
    for (const method of streams) {
      const cases = planHeavy({ method, form: "grpc", caller: "owner", seed: 1 });
      for (const encoding of ["gzip", "deflate"]) {
        const found = cases.filter(({ shape }) => shape.startsWith(`many ${encoding} messages`));
        expect(found.map(({ plan: create }) => create().ending).sort()).toEqual(["deaf", "end"]);
        const { headers, chunks } = (found[0] as (typeof found)[0]).plan();
        expect(headers["grpc-encoding"]).toBe(encoding);
        const [chunk] = chunks as [Buffer];
        const packed = chunk.subarray(5, 5 + chunk.readUInt32BE(1));
        const times = Math.floor(chunk.length / (packed.length + 5));
        expect(unzipSync(packed).length * times).toBeGreaterThan(50 * chunk.length);
      }
    }
  });
});

describe("the options of a fuzz", () => {
  it("name the variable that is wrong", () => {
    expect(() => readOptions({ SEED: "x" }, methods)).toThrow(/^SEED: /);
    expect(() => readOptions({ DURATION: "5" }, methods)).toThrow(/^DURATION: /);
    expect(() => readOptions({ ONLY: "Nothing" }, methods)).toThrow(/^ONLY: /);
    expect(readOptions({ ONLY: "AddJobs", SEED: "7" }, methods)).toMatchObject({
      seed: 7,
      seconds: 60,
      withPages: false,
    });
    expect(readOptions({ ONLY: "AddJobs" }, methods).methods).toHaveLength(1);
  });
});
