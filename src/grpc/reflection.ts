import {
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import type { Contract } from "../rpc/contract/contract.js";
import { readAsWritten } from "../rpc/stream/read-ahead.js";
import { http2StreamOf } from "./incoming/call-internals.js";
import { closeAfter, farewellMs } from "./incoming/farewell.js";

/** Maximum questions on one stream. Tools ask some tens. Each question costs CPU, and asking needs no token. */
const maxQuestions = 1000;

/** What reflection shows, and for how long a stream of questions stays open. */
export interface ReflectionOptions {
  services: string[];
  /** Aborted when the server drains. */
  closing: AbortSignal;
  /** How long a stream may stay open without a question, in milliseconds: opening a stream needs no token. */
  idleMs: number;
}

/**
 * Serves reflection of the named services. The library ends a stream only when the caller ends it. Posta also ends a
 * stream when the server drains, when no question arrives for `idleMs`, and after 1000 questions.
 */
export function addReflection(
  { descriptors }: Contract,
  { services, closing, idleMs }: ReflectionOptions,
  addService: (definition: ServiceDefinition, handlers: UntypedServiceImplementation) => void,
): void {
  // The shape that the library reads descriptors from.
  const described = { contract: { fileDescriptorProtos: descriptors } } as unknown as PackageDefinition;
  const addBounded = (definition: ServiceDefinition, { ServerReflectionInfo: run }: UntypedServiceImplementation) =>
    addService(definition, {
      ServerReflectionInfo(stream: ServerDuplexStream<unknown, unknown>) {
        endWith(closing, stream);
        endWhenIdle(stream, idleMs);
        (run as (on: typeof stream) => void)(stream);
        boundQuestions(stream);
        readAsWritten(stream);
      },
    });
  new ReflectionService(described, { services }).addToServer({ addService: addBounded });
}

function boundQuestions(stream: ServerDuplexStream<unknown, unknown>): void {
  let asked = 0;
  stream.on("data", () => {
    asked += 1;
    if (asked <= maxQuestions) return;
    const details = `over ${maxQuestions} questions came on the stream; open another`;
    takeNoMore(stream);
    stream.emit("error", { code: status.RESOURCE_EXHAUSTED, details });
  });
}

function endWhenIdle(stream: ServerDuplexStream<unknown, unknown>, idleMs: number): void {
  const timer = setTimeout(() => {
    takeNoMore(stream);
    stream.end();
    closeAfter(http2StreamOf(stream), farewellMs);
  }, idleMs);
  const stop = () => clearTimeout(timer);
  stream.on("data", () => timer.refresh());
  stream.once("end", stop);
  stream.once("cancelled", stop);
}

function endWith(closing: AbortSignal, stream: ServerDuplexStream<unknown, unknown>): void {
  const end = () => {
    takeNoMore(stream);
    stream.end();
  };
  const forget = () => closing.removeEventListener("abort", end);
  closing.addEventListener("abort", end, { once: true });
  stream.once("end", forget);
  stream.once("cancelled", forget);
  if (closing.aborted) end();
}

/**
 * Stops reading a stream that is about to end. Otherwise the library would answer later questions, and Node destroys a
 * stream that is written to after its end.
 */
function takeNoMore(stream: ServerDuplexStream<unknown, unknown>): void {
  stream.removeAllListeners("data");
  stream.pause();
}
