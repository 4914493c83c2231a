import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";

/** A gRPC frame: a byte that says whether it is compressed, the length, the message. */
export function frame(message: Buffer, { compressed = false, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Begins a call by hand, so that it can be wrong. `ended` resolves to all headers, those at the end included. */
export function openByHand(port: number, path: string, headers: Record<string, string> = {}) {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const fixed = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request({ ...fixed, ...headers });
  const seen: { headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders } = { headers: {}, trailers: {} };
  stream.on("response", (received) => Object.assign(seen.headers, received));
  stream.on("trailers", (received) => Object.assign(seen.trailers, received));
  stream.resume();
  const ended = once(stream, "close").then(() => {
    session.close();
    const all = { ...seen.headers, ...seen.trailers };
    return { ...seen, all, code: Number(all["grpc-status"]), message: decodeURIComponent(String(all["grpc-message"])) };
  });
  return { session, stream, ended };
}

/** A call by hand that sends these bytes, and no more. */
export function callByHand(port: number, path: string, body: Buffer, headers: Record<string, string> = {}) {
  const { stream, ended } = openByHand(port, path, headers);
  stream.end(body);
  return ended;
}
