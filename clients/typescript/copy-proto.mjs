// For the published package: the part of the contract that it loads, beside the code. In Posta's repository it loads proto/.
import { cpSync } from "node:fs";

const ofQueue = ["lease", "report", "work_session", "worker", "worker_service"];
const files = [
  ...ofQueue.map((name) => `posta/queue/v1/${name}.proto`),
  "google/rpc/error_details.proto",
  "google/rpc/status.proto",
];
for (const file of files)
  cpSync(new URL(`../../proto/${file}`, import.meta.url), new URL(`dist/proto/${file}`, import.meta.url));
