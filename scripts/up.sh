#!/usr/bin/env bash
# Runs Posta in the foreground, and says what to try once it serves.
set -euo pipefail
cd "$(dirname "$0")/.."
host=${POSTA_HOST:-127.0.0.1}
port=${POSTA_GRPC_PORT:-50051}
http_port=${POSTA_HTTP_PORT:-8080}
# What a call in another terminal needs to know of this one's settings.
settings=""
for name in POSTA_HOST POSTA_GRPC_PORT POSTA_TLS_CERT_FILE; do
  if [ -n "${!name:-}" ]; then settings+="$name=${!name} "; fi
done
plain=-plaintext
url=http://$host:$http_port
cacert=
if [ -n "${POSTA_TLS_CERT_FILE:-}" ]; then
  plain="-cacert $POSTA_TLS_CERT_FILE"
  url=https://$host:$http_port
  cacert="--cacert $POSTA_TLS_CERT_FILE "
fi
cat <<TEXT
posta: starting; Ctrl-C stops it. A first call to try, once it says where it listens:

  ${settings}npm run --silent call -- AddJob '{"queue":"emails","job":{"name":"welcome","dataJson":"{\"to\":\"ada\"}"}}'

or with grpcurl, through reflection:

  grpcurl $plain -d '{"queue":"emails","job":{"name":"welcome"}}' $host:$port posta.queue.v1.QueueService/AddJob

or over HTTP:

  curl $cacert-H 'content-type: application/json' -d '{"queue":"emails","job":{"name":"welcome"}}' $url/posta.queue.v1.QueueService/AddJob

TEXT
exec node --enable-source-maps dist/cluster/main.js
