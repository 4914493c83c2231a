import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { describe, expect, it } from "vitest";
import { type Case, startCall } from "../../perf/fuzz/case.js";
import { Contract, type Method } from "../../perf/fuzz/contract.js";
import { frame } from "../../perf/fuzz/frames.js";
import { GrpcSender } from "../../perf/fuzz/send-grpc.js";
import { HttpSender } from "../../perf/fuzz/send-http.js";
import { useReleases } from "../support/releases.js";

const method = new Contract().methods.find(({ name }) => name.endsWith("/GetJob")) as Method;
const releases = useReleases();

async function listen(server: Server | Http2SecureServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  releases.push(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function call(form: "grpc" | "json", other: Partial<Case> = {}): Case {
  const start = startCall({ method, form, seed: 1, number: 1, caller: "owner", deadlineMs: 5000 });
  return { ...start, chunks: [frame(Buffer.from("abc"))], ...other };
}

/** What is seen of a gRPC server that answers in a way of its own. */
async function sendTo(answer: (stream: ServerHttp2Stream) => void, plan: Case) {
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.resume();
    answer(stream);
  });
  const sender = new GrpcSender(`127.0.0.1:${await listen(server as unknown as Server)}`, 1);
  releases.push(() => sender.close());
  return sender.send(plan, "Bearer x");
}

describe("a call over HTTP/2", () => {
  it("sees the answer with its trailers", async () => {
    const seen = await sendTo((stream) => {
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.end("abc");
    }, call("grpc"));
    expect(seen).toMatchObject({ end: "answered", httpStatus: 200, headers: { "grpc-status": "0" } });
    expect(seen.body.toString()).toBe("abc");
    expect(seen.answerBytes).toBeGreaterThan(3);
  });

  it("sees an answer to what it has not sent to its end", async () => {
    const answer = (stream: ServerHttp2Stream) =>
      stream.respond({ ":status": 200, "grpc-status": "4" }, { endStream: true });
    expect(await sendTo(answer, call("grpc", { ending: "open" }))).toMatchObject({ end: "answered" });
  });

  it("sees a stream that ends without a status, and one that is refused by HTTP", async () => {
    expect(await sendTo((stream) => stream.close(2), call("grpc"))).toMatchObject({ end: "cut" });
    const refuse = (stream: ServerHttp2Stream) => stream.respond({ ":status": 415 }, { endStream: true });
    expect(await sendTo(refuse, call("grpc"))).toMatchObject({ end: "answered", httpStatus: 415 });
  });

  it("sees silence, and does not wait for an answer that its case does not want", async () => {
    const silent = () => {};
    expect(await sendTo(silent, call("grpc", { deadlineMs: -7900 }))).toMatchObject({ end: "silent" });
    expect(await sendTo(silent, call("grpc", { ending: "cancel", ownConnection: true }))).toMatchObject({
      end: "left",
    });
  });
});

describe("a request over HTTP/1.1", () => {
  it("sees the answer, and a connection that is cut", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/cut") request.socket.destroy();
      else
        response
          .writeHead(404, { "content-type": "application/json" })
          .end(`{"token":"${request.headers.authorization}"}`);
    });
    const base = `http://127.0.0.1:${await listen(server)}`;
    const sender = new HttpSender({ gateway: base, admin: base }, "secret", 2);
    releases.push(() => sender.close());
    const seen = await sender.send(call("json"), "Bearer x");
    expect(seen).toMatchObject({ end: "answered", httpStatus: 404 });
    expect(seen.body.toString()).toBe('{"token":"Bearer x"}');
    expect(await sender.send(call("json", { path: "/cut" }), undefined)).toMatchObject({ end: "cut" });
    expect(await sender.send(call("json", { path: "/ \n" }), undefined)).toMatchObject({ end: "unsent" });
  });
});
