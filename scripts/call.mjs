// Calls a method of QueueService from the command line: npm run call -- GetQueue '{"queue":"emails"}'
import { Client, credentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [method, json = "{}"] = process.argv.slice(2);
const service = loadSync("posta/queue/v1/queue_service.proto", {
  includeDirs: ["proto"],
  longs: Number,
  enums: String,
  defaults: true,
})["posta.queue.v1.QueueService"];
const definition = service[method];
if (!definition || definition.requestStream) {
  console.error(`usage: npm run call -- <method> '<request as JSON>'; methods: ${Object.keys(service).join(", ")}`);
  process.exit(2);
}
const address = `${process.env.POSTA_HOST ?? "127.0.0.1"}:${process.env.POSTA_GRPC_PORT ?? 50051}`;
const client = new Client(address, credentials.createInsecure());
const { path, requestSerialize, responseDeserialize } = definition;
client.makeUnaryRequest(
  path,
  requestSerialize,
  responseDeserialize,
  JSON.parse(json),
  { deadline: Date.now() + 5000 },
  (error, answer) => {
    if (error) console.error(`${error.code}: ${error.details}`);
    else console.log(JSON.stringify(answer, null, 2));
    process.exitCode = error ? 1 : 0;
    client.close();
  },
);
