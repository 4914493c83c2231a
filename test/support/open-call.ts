import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { TestClient } from "./client.js";

/** An AddJob whose request is not finished yet: a call in flight for as long as a test wants. */
export interface OpenCall {
  /** Finishes the request; resolves to the answer's grpc-status, or rejects if the connection is cut. */
  finish(): Promise<string>;
  close(): void;
}

/** Opens a call on a connection of its own; resolves when the server has it. */
export async function openCall(port: number, queue: string): Promise<OpenCall> {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  await once(session, "connect");
  session.on("error", () => {}); // Its streams tell.
  const method = TestClient.method("posta.queue.v1.QueueService", "AddJob");
  const stream = session.request({
    ":method": "POST",
    ":path": method.path,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": "300S",
  });
  const message = method.requestSerialize({ queue, job: { name: "open" } });
  const frame = Buffer.concat([Buffer.alloc(5), message]);
  frame.writeUInt32BE(message.length, 1);
  const answered = new Promise<string>((resolve, reject) => {
    stream.on("trailers", (trailers) => resolve(String(trailers["grpc-status"])));
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("the call was cut")));
  });
  answered.catch(() => {});
  stream.resume();
  stream.write(frame.subarray(0, 3));
  // An answered ping shows that what was sent before it has arrived.
  await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
  return {
    finish() {
      stream.end(frame.subarray(3));
      return answered;
    },
    close: () => session.destroy(),
  };
}
