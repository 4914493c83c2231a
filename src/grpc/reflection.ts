import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import type { Contract } from "./contract.js";
import { readAsWritten } from "./read-ahead.js";

/** Serves reflection of the named services. The library's streams end when their callers end them, ours when the server drains too. */
export function addReflection(
  server: Server,
  { descriptors }: Contract,
  services: string[],
  closing: AbortSignal,
): void {
  // The shape that the library reads descriptors from.
  const described = { contract: { fileDescriptorProtos: descriptors } } as unknown as PackageDefinition;
  const addService = (definition: ServiceDefinition, { ServerReflectionInfo: run }: UntypedServiceImplementation) =>
    server.addService(definition, {
      ServerReflectionInfo(stream: ServerDuplexStream<unknown, unknown>) {
        endWith(closing, stream);
        (run as (on: typeof stream) => void)(stream);
        readAsWritten(stream);
      },
    });
  new ReflectionService(described, { services }).addToServer({ addService });
}

function endWith(closing: AbortSignal, stream: ServerDuplexStream<unknown, unknown>): void {
  const end = () => stream.end();
  const forget = () => closing.removeEventListener("abort", end);
  closing.addEventListener("abort", end, { once: true });
  stream.once("end", forget);
  stream.once("cancelled", forget);
  if (closing.aborted) end();
}
