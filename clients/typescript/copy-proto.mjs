// For the published package: the part of the contract that it loads, beside the code. In Posta's repository it loads proto/.
import { cpSync } from "node:fs";

const files = ["posta/queue/v1/worker_service.proto", "google/rpc/error_details.proto", "google/rpc/status.proto"];
for (const file of files)
  cpSync(new URL(`../../proto/${file}`, import.meta.url), new URL(`dist/proto/${file}`, import.meta.url));
