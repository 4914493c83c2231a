/**
 * The yardstick: an empty unary call by grpc-js, and by node:http on the next port, and nothing else, in as many processes as
 * Posta has servers.
 */
import cluster from "node:cluster";
import { createServer } from "node:http";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { loadMethod } from "./contract.js";

const [port, servers] = process.argv.slice(2).map(Number) as [number, number];

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on("listening", () => {
    listening += 1;
    if (listening === 2 * servers) console.log("listening");
  });
  for (let index = 0; index < servers; index += 1) cluster.fork();
} else {
  const server = new Server();
  const Check = loadMethod("grpc.health.v1.Health", "Check");
  const check = (_call: unknown, callback: (error: null, value: object) => void) =>
    callback(null, { status: "SERVING" });
  server.addService({ Check } as unknown as ServiceDefinition, { Check: check });
  server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
  });
  createServer((request, response) => {
    request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}"));
  }).listen(port + 1, "127.0.0.1");
}
