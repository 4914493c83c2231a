import { readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  fromJsonString,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { invalid } from "../../errors/posta-error.js";
import { requireBoundedJson } from "./json-bounds.js";
import { findJsonFault } from "./json-fault.js";

const strict = new TextDecoder("utf-8", { fatal: true });

/** Canonical proto3 JSON of the contract's messages, to and from their binary form. One for a process. */
export class JsonCodec {
  private loaded: FileRegistry | undefined;
  private readonly methods = new Map<string, DescMethod>();

  /** A method of the contract, by its path: "/package.Service/Method". */
  method(path: string): DescMethod {
    let found = this.methods.get(path);
    if (!found) {
      const [, service = "", name = ""] = path.split("/");
      found = this.registry.getService(service)?.methods.find((method) => method.name === name);
      if (!found) throw new Error(`the contract has no method ${path}`);
      this.methods.set(path, found);
    }
    return found;
  }

  /** Loaded when it is first needed: a server that is called by gRPC alone does without its memory. */
  private get registry(): FileRegistry {
    this.loaded ??= createFileRegistry(
      fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../../gen/contract.binpb", import.meta.url))),
    );
    return this.loaded;
  }

  /** Binary form of a message that came as JSON; throws an invalid that names the field at fault, or the bound that the text is over. */
  toBinary(type: DescMessage, json: Buffer): Uint8Array {
    requireBoundedJson(json);
    const text = decodeText(json);
    try {
      return toBinary(type, fromJsonString(type, text, { registry: this.registry }));
    } catch (error) {
      throw findJsonFault(type, text, this.registry, error as Error);
    }
  }

  /** JSON of a message in binary form. Fields that hold their default are left out. */
  toJson(type: DescMessage, bytes: Uint8Array): JsonValue {
    return toJson(type, fromBinary(type, bytes), { registry: this.registry });
  }

  /** The same by the type's name; undefined if the contract has no such type. */
  describe(typeName: string, bytes: Uint8Array): JsonValue | undefined {
    const type = this.registry.getMessage(typeName);
    return type && this.toJson(type, bytes);
  }
}

function decodeText(bytes: Buffer): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw invalid("request", "is not UTF-8");
  }
}
