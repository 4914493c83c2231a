import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.js";

describe("POSTA_HTTP_PORT", () => {
  it("is 8080 if it is not set", () => {
    expect(readConfig({}).httpPort).toBe(8080);
  });

  it("may not be gRPC's port", () => {
    expect(() => readConfig({ POSTA_HTTP_PORT: "50051" })).toThrow(
      /^POSTA_GRPC_PORT, POSTA_HTTP_PORT: are the same, 50051; /,
    );
  });
});
