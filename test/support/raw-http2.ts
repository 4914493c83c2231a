import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The numbers of HTTP/2's frame types. */
export const FrameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, continuation: 9 } as const;

interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** An HTTP/2 connection frame by frame, for what no client library sends. It answers nothing by itself, not even a PING. */
export class RawHttp2 {
  readonly frames: Frame[] = [];
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<unknown>;
  private rest = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {}); // A reset is as good an end as a close.
    socket.on("data", (data) => this.read(data));
  }

  static async connect(port: number): Promise<RawHttp2> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const client = new RawHttp2(socket);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send({ type: FrameType.settings });
    await client.next(FrameType.settings);
    client.send({ type: FrameType.settings, flags: 1 });
    return client;
  }

  send({ type, flags = 0, stream = 0, payload = Buffer.alloc(0) }: Partial<Frame> & { type: number }): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    this.socket.write(Buffer.concat([head, payload]));
  }

  /** Sends headers as literals, in as many frames as they take. They end the headers, and not the stream. */
  sendHeaders(stream: number, path: string, more: Record<string, string> = {}): void {
    const fixed = { ":method": "POST", ":scheme": "http", ":path": path, ":authority": "test", te: "trailers" };
    const headers = { ...fixed, "content-type": "application/grpc", ...more };
    const block = Buffer.concat(
      Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
    );
    for (let at = 0; at < block.length; at += 16_384) {
      const type = at === 0 ? FrameType.headers : FrameType.continuation;
      this.send({ type, flags: at + 16_384 >= block.length ? 4 : 0, stream, payload: block.subarray(at, at + 16_384) });
    }
  }

  /** The first frame of a type that has come or comes. It is taken out. */
  async next(type: number): Promise<Frame> {
    for (;;) {
      const index = this.frames.findIndex((frame) => frame.type === type);
      if (index >= 0) return this.frames.splice(index, 1)[0] as Frame;
      await once(this.socket, "data");
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    while (this.rest.length >= 9) {
      const end = 9 + this.rest.readUIntBE(0, 3);
      if (this.rest.length < end) return;
      const [type, flags] = [this.rest.readUInt8(3), this.rest.readUInt8(4)];
      this.frames.push({ type, flags, stream: this.rest.readUInt32BE(5), payload: this.rest.subarray(9, end) });
      this.rest = this.rest.subarray(end);
    }
  }
}

/** A string of HPACK: its length as a number with a prefix of 7 bits, then its bytes as they are. */
function text(value: string): Buffer {
  const bytes = [];
  let rest = value.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  const length = value.length < 127 ? [value.length] : [127, ...bytes, rest];
  return Buffer.concat([Buffer.from(length), Buffer.from(value)]);
}
