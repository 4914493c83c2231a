import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

/** A method of the contract, as its descriptor tells. */
export interface Method {
  /** "package.Service/Method": what ONLY and reports name. */
  name: string;
  /** "/package.Service/Method". */
  path: string;
  request: protobuf.Type;
  response: protobuf.Type;
  streamsRequests: boolean;
  streamsResponses: boolean;
  /** It tells what is there, by the verb that its name begins with. Reflection tells nothing of what callers stored. */
  isRead: boolean;
  /** It needs no token. */
  isOpen: boolean;
}

const protoDir = fileURLToPath(new URL("../../proto", import.meta.url));
/** Served by a library, which brings its contract along. */
const reflection = createRequire(import.meta.url).resolve(
  "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
);
/** Methods of these are for probes and tools, which have no token. */
const openServices = /^(grpc\.|posta\.health\.)/;
const readVerbs = /^(Lease|Get|List|Count|Check|Watch)/;

/** Every service that the contract's files have: a new method is fuzzed without a change here. */
export class Contract {
  private readonly root = new protobuf.Root();
  readonly methods: Method[];

  constructor() {
    const { root } = this;
    root.resolvePath = (_, target) => (target.startsWith("/") ? target : findFile(target));
    const files = readdirSync(protoDir, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".proto"),
    );
    root.loadSync([...files.sort(), reflection], { keepCase: true, alternateCommentMode: true });
    root.resolveAll();
    this.methods = servicesOf(root).flatMap(methodsOf);
  }

  /** A message type by its full name. */
  type(name: string): protobuf.Type {
    return this.root.lookupType(name);
  }
}

/** Types of google.protobuf come with the library. */
function findFile(target: string): string | null {
  return target.startsWith("google/protobuf/") ? null : join(protoDir, target);
}

function servicesOf(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Service) return [nested];
    return nested instanceof protobuf.Namespace ? servicesOf(nested) : [];
  });
}

function methodsOf(service: protobuf.Service): Method[] {
  const serviceName = nameOf(service);
  return service.methodsArray.map((method) => ({
    name: `${serviceName}/${method.name}`,
    path: `/${serviceName}/${method.name}`,
    request: method.resolvedRequestType as protobuf.Type,
    response: method.resolvedResponseType as protobuf.Type,
    streamsRequests: method.requestStream === true,
    streamsResponses: method.responseStream === true,
    isRead: readVerbs.test(method.name),
    isOpen: openServices.test(serviceName),
  }));
}

/** The contract's comments say which fields a request must have. */
export function isRequired({ comment }: protobuf.Field): boolean {
  return /\bRequired\b(?! (with|if))/.test(comment ?? "");
}

/** Without the dot that the library begins full names with. */
export function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}
