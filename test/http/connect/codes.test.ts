import { Code } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { connectCode } from "../../../src/http/connect/codes.js";

const all = Object.values(Code).filter((code): code is Code => typeof code === "number");

describe("a code of the Connect protocol", () => {
  it.each(all.map((code) => [Code[code], code] as const))(
    "%s has the name and HTTP status of the protocol",
    (_, code) => {
      expect(connectCode(code)).toEqual({
        name: codeToString(code),
        http: codeToHttpStatus(code),
        label: status[code],
      });
    },
  );

  it("that is none counts as unknown", () => {
    expect(connectCode(99).name).toBe("unknown");
  });
});
