// Calls a unary method of any of Posta's services from the command line: npm run call -- GetQueue '{"queue":"emails"}'
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata } from "@grpc/grpc-js";

const descriptors = readFileSync(new URL("../src/gen/contract.binpb", import.meta.url));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
const services = [
  "queue.v1.QueueService",
  "queue.v1.WorkerService",
  "analytics.v1.AnalyticsService",
  "message.v1.MessageService",
  "health.v1.HealthService",
];
const unary = services
  .flatMap((service) => registry.getService(`posta.${service}`).methods)
  .filter(({ methodKind }) => methodKind === "unary");
const [name, json = "{}"] = process.argv.slice(2);
const method = unary.find((candidate) => candidate.name === name);
if (!method)
  fail(`usage: npm run call -- <method> '<request as JSON>'; methods: ${unary.map((one) => one.name).join(", ")}`, 2);

const {
  POSTA_HOST: host = "127.0.0.1",
  POSTA_GRPC_PORT: port = "50051",
  POSTA_TLS_CERT_FILE: cert,
  TOKEN: token,
} = process.env;
const channel = cert ? credentials.createSsl(readFileSync(cert)) : credentials.createInsecure();
const client = new Client(`${toReachable(host)}:${port}`, channel);
client.makeUnaryRequest(
  `/${method.parent.typeName}/${method.name}`,
  (bytes) => Buffer.from(bytes),
  (bytes) => fromBinary(method.output, bytes),
  encode(json),
  Metadata.fromHttp2Headers(token ? { authorization: `Bearer ${token}` } : {}),
  { deadline: Date.now() + 5000 },
  (error, answer) => {
    client.close();
    if (error) fail(`${error.code}: ${error.details}`, 1);
    console.log(toJsonString(method.output, answer, { prettySpaces: 2, registry, alwaysEmitImplicit: true }));
  },
);

/** Where a server that listens on this address is reached from here. */
function toReachable(address) {
  if (address === "0.0.0.0" || address === "::") return "localhost";
  return address.includes(":") ? `[${address}]` : address;
}

function encode(text) {
  try {
    return toBinary(method.input, fromJsonString(method.input, text, { registry }));
  } catch (error) {
    return fail(`the request is not a ${method.input.typeName}: ${error.message}`, 2);
  }
}

function fail(message, code) {
  console.error(message);
  process.exit(code);
}
