/**
 * Which folder may import which: the rooms of the house, from the street down to the floor. The first row that a file's path begins
 * with is its row. A file may always import from its own row's folder, and packages.
 */
export interface Room {
  /** Where the path of a file begins. */
  from: string;
  /** Where the paths of what it may import begin. */
  mayImport: string[];
}

const floor = ["src/batching/", "src/background/", "src/store/", "src/telemetry/", "src/config/", "src/errors/"];
const edge = ["src/rpc/", "src/gen/"];

export const rooms: Room[] = [
  { from: "cluster/", mayImport: ["src/process/", "src/health/", "src/telemetry/", "src/config/", "src/errors/"] },
  { from: "src/process/", mayImport: ["src/"] },
  { from: "src/grpc/", mayImport: [...edge, ...floor] },
  { from: "src/http/", mayImport: [...edge, ...floor] },
  { from: "src/queue/service/", mayImport: ["src/queue/", ...edge, ...floor] },
  { from: "src/queue/", mayImport: floor },
  { from: "src/message/service/", mayImport: ["src/message/", ...edge, ...floor] },
  { from: "src/message/", mayImport: floor },
  { from: "src/dead-letter/service/", mayImport: ["src/dead-letter/", ...edge, ...floor] },
  { from: "src/dead-letter/", mayImport: floor },
  { from: "src/analytics/service/", mayImport: ["src/analytics/", ...edge, ...floor] },
  { from: "src/analytics/", mayImport: floor },
  { from: "src/health/service", mayImport: ["src/health/", ...edge, ...floor] },
  { from: "src/health/", mayImport: floor },
  { from: "src/rpc/", mayImport: ["src/gen/", ...floor] },
  { from: "src/background/", mayImport: ["src/store/", "src/telemetry/", "src/config/", "src/errors/"] },
  { from: "src/batching/", mayImport: ["src/telemetry/", "src/config/", "src/errors/"] },
  { from: "src/store/", mayImport: ["src/telemetry/", "src/config/", "src/errors/"] },
  { from: "src/telemetry/", mayImport: ["src/config/", "src/errors/"] },
  { from: "src/config/", mayImport: ["src/errors/"] },
  { from: "src/errors/", mayImport: [] },
  { from: "ops/", mayImport: ["perf/", "slo/"] },
  { from: "perf/", mayImport: ["slo/", "clients/"] },
  { from: "slo/", mayImport: [] },
  {
    from: "clients/typescript/src/session/",
    mayImport: ["clients/typescript/src/outbox/", "clients/typescript/src/wire/"],
  },
  {
    from: "clients/typescript/src/job/",
    mayImport: ["clients/typescript/src/outbox/", "clients/typescript/src/wire/"],
  },
  { from: "clients/typescript/src/outbox/", mayImport: ["clients/typescript/src/wire/"] },
  { from: "clients/typescript/src/wire/", mayImport: [] },
  { from: "clients/", mayImport: [] },
  { from: "examples/", mayImport: ["clients/"] },
];

/** Folders below these are in no circle, and have at most so many files: a folder with more has two ideas in it. */
export const mostFiles = 12;
export const counted = ["src/", "cluster/", "clients/"];
