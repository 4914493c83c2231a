#!/usr/bin/env bash
# Runs Posta in the foreground, and says what to try once it serves.
set -euo pipefail
cd "$(dirname "$0")/.."
# An address as it stands in a URL; where Posta listens on all, the machine's own.
case ${POSTA_HOST:-127.0.0.1} in
  0.0.0.0 | ::) host=localhost ;;
  *:*) host=[$POSTA_HOST] ;;
  *) host=${POSTA_HOST:-127.0.0.1} ;;
esac
port=${POSTA_GRPC_PORT:-50051}
http_port=${POSTA_HTTP_PORT:-8080}
# What a call in another terminal needs to know of this one's settings.
settings=""
for name in POSTA_HOST POSTA_GRPC_PORT POSTA_TLS_CERT_FILE; do
  if [ -n "${!name:-}" ]; then settings+="$name=${!name} "; fi
done
token=
if [ -n "${POSTA_AUTH_FILE:-}" ]; then
  settings+='TOKEN=<token> '
  token="-H 'authorization: Bearer <token>' "
fi
plain=-plaintext
url=http://$host:$http_port
cacert=
if [ -n "${POSTA_TLS_CERT_FILE:-}" ]; then
  plain="-cacert $POSTA_TLS_CERT_FILE"
  url=https://$host:$http_port
  cacert="--cacert $POSTA_TLS_CERT_FILE "
fi
# Without a token there is no WhatsApp: messages go to a stand-in. It ends when its standard input does, and of that only the
# process that becomes Posta holds the other end: so it ends with Posta, however that ends.
if [ -z "${POSTA_WHATSAPP_TOKEN:-}${POSTA_WHATSAPP_TOKEN_FILE:-}${POSTA_WHATSAPP_URL:-}" ]; then
  pipes=$(mktemp -d)
  mkfifo "$pipes/life" "$pipes/settings"
  PORT=0 POSTA=$url NODE_EXTRA_CA_CERTS=${POSTA_TLS_CERT_FILE:-} \
    node --import tsx test/support/whatsapp-sim.ts attached <"$pipes/life" >"$pipes/settings" &
  exec 3>"$pipes/life"
  while IFS='=' read -r name value && [ -n "$name" ]; do export "$name=$value"; done <"$pipes/settings"
  rm -r "$pipes"
  if [ -z "${POSTA_WHATSAPP_URL:-}" ]; then
    echo "posta: the stand-in for WhatsApp did not start" >&2
    exit 1
  fi
  echo "posta: POSTA_WHATSAPP_TOKEN is not set: messages go to a stand-in on $POSTA_WHATSAPP_URL, and not to WhatsApp."
fi
cat <<TEXT
posta: starting; Ctrl-C stops it. A first call to try, once it says where it listens:

  ${settings}npm run --silent call -- AddJob '{"queue":"emails","job":{"name":"welcome","dataJson":"{\"to\":\"ada\"}"}}'

or with grpcurl, through reflection:

  grpcurl $plain ${token}-d '{"queue":"emails","job":{"name":"welcome"}}' $host:$port posta.queue.v1.QueueService/AddJob

or over HTTP:

  curl $cacert$token-H 'content-type: application/json' -d '{"queue":"emails","job":{"name":"welcome"}}' $url/posta.queue.v1.QueueService/AddJob

TEXT
exec node --enable-source-maps dist/cluster/main.js
