#!/usr/bin/env bash
# Writes the TypeScript types and the descriptors of the contract, from proto/ into the folder named ($1, src/gen by default).
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-src/gen}
rm -rf "$out"
node_modules/.bin/proto-loader-gen-types \
  --longs=Number --enums=String --defaults --oneofs --grpcLib=@grpc/grpc-js \
  --targetFileExtension=.ts --importFileExtension=.js \
  --includeDirs=proto --outDir="$out" \
  posta/queue/v1/queue_service.proto posta/queue/v1/worker_service.proto posta/analytics/v1/analytics_service.proto posta/message/v1/message_service.proto posta/health/v1/health_service.proto grpc/health/v1/health.proto google/rpc/error_details.proto google/rpc/status.proto >/dev/null
# The per-file roots are not used: the contract is loaded at run time, by src/rpc/contract/contract.ts.
rm -f "$out"/*.ts
# For reflection: proto-loader's own descriptors merge files, and clients then miss what they import.
node_modules/.bin/buf build --as-file-descriptor-set --exclude-source-info -o "$out/contract.binpb"
