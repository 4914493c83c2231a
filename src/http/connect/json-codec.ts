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

/** Converts the contract's messages between canonical proto3 JSON and their binary form. One codec per process. */
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

  /** Loaded on first use, so that a server with only gRPC calls saves the memory. */
  private get registry(): FileRegistry {
    this.loaded ??= createFileRegistry(
      fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../../gen/contract.binpb", import.meta.url))),
    );
    return this.loaded;
  }

  /** Binary form of a JSON message. Throws invalid, which names the field at fault or the exceeded limit. */
  toBinary(type: DescMessage, json: Buffer): Uint8Array {
    requireBoundedJson(json);
    const text = decodeText(json);
    try {
      return toBinary(type, fromJsonString(type, text, { registry: this.registry }));
    } catch (error) {
      throw findJsonFault(type, text, this.registry, error as Error);
    }
  }

  /** JSON of a binary message, without the fields that hold their default. */
  toJson(type: DescMessage, bytes: Uint8Array): JsonValue {
    return toJson(type, fromBinary(type, bytes), { registry: this.registry });
  }

  /** Like `toJson`, but finds the type by name; undefined if the contract has no such type. */
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
