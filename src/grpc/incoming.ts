import { constants } from "node:http2";
import { Metadata, type ServerInterceptingCallInterface, status } from "@grpc/grpc-js";
import { invalid, show } from "../errors.js";
import { type CallInternals, internalsOf } from "./call-internals.js";
import { type FrameLimits, FrameReader } from "./frame-reader.js";
import { encodings, type Inflater } from "./inflate.js";
import type { StatusMap } from "./status.js";

/** How long a caller that has its status may still hold its stream, in milliseconds. */
const farewellMs = 1000;

/** What all calls of a server share on their way in. */
export interface IncomingParts {
  statuses: StatusMap;
  inflater: Inflater;
  /** How long a message of a stream may take from its first byte to its last, in milliseconds. */
  messageTimeMs: number;
}

type Listener = Parameters<ServerInterceptingCallInterface["start"]>[0];

/** What a call may send. */
export interface IncomingLimits extends FrameLimits {
  /** Of one message when it is inflated. */
  readonly maxMessageBytes: number;
  /** Whether the call's only message must come in the time of a message, as no deadline bounds the call. */
  readonly mustBegin: boolean;
}

/**
 * What comes in on one call, from bytes to messages that can be decoded. It takes the place of grpc-js's own, which holds any
 * number of bytes for any time, inflates any number of messages at once, and takes a caller's mistakes for its own errors.
 */
export class Incoming {
  private readonly internals: CallInternals;
  private readonly reader: FrameReader;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly call: ServerInterceptingCallInterface,
    private readonly limits: IncomingLimits,
    private readonly parts: IncomingParts,
  ) {
    this.internals = internalsOf(call);
    this.reader = new FrameReader(limits, (error) => this.refuse(error));
    this.internals.decoder = { write: (data) => this.read(data) };
    this.internals.decompressMessage = (message, encoding) => this.contentOf(message, encoding);
    if (limits.mustBegin) this.startTimer();
    else if (limits.isStream) this.watchReads();
  }

  /** Sees the end of what comes in. */
  watch(listener: Listener): void {
    const { onReceiveHalfClose, onCancel } = listener;
    listener.onReceiveHalfClose = () => {
      this.stop();
      if (this.reader.isWithinMessage) this.refuse(invalid("request", "ends in the middle of a message"));
      else onReceiveHalfClose.call(listener);
    };
    listener.onCancel = () => {
      this.end();
      onCancel.call(listener);
    };
  }

  /** The call has its status, or its caller is gone. */
  private end(): void {
    const { stream } = this.internals;
    this.stop();
    this.reader.release();
    if (stream.readableEnded || stream.destroyed) return;
    // A caller that has its status could go on to send, and to hold the stream. A reset at once would overtake the status.
    setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), farewellMs).unref();
  }

  /** Ends the call. What it still sends is dropped. */
  refuse(error: unknown): void {
    this.call.sendStatus(this.parts.statuses.toStatus(error));
  }

  private read(data: Buffer): Buffer[] {
    try {
      const messages = this.reader.read(data);
      if (!this.limits.isStream) return messages;
      // grpc-js reads no further until the messages are taken: until then nothing can be late.
      if (messages.length > 0) this.stop();
      else this.expectRest();
      return messages;
    } catch (error) {
      this.refuse(error);
      return [];
    }
  }

  private contentOf(message: Buffer, encoding: string): Buffer | Promise<Buffer> {
    return message[0] === 0 ? message.subarray(5) : this.inflate(message.subarray(5), encoding);
  }

  private async inflate(content: Buffer, encoding: string): Promise<Buffer> {
    if (!encodings.includes(encoding)) throw unsupported(encoding);
    const { statuses, inflater } = this.parts;
    const { incoming, maxMessageBytes } = this.limits;
    const share = incoming.begin((error) => this.refuse(error));
    try {
      if (encoding === "identity") throw invalid("grpc-encoding", "is required: a message says that it is compressed");
      share.hold(content.length);
      return await inflater.inflate(content, encoding, maxMessageBytes);
    } catch (error) {
      throw statuses.toStatus(error);
    } finally {
      share.release();
    }
  }

  private watchReads(): void {
    const { call, internals } = this;
    const { startRead } = call;
    call.startRead = () => {
      startRead.call(call);
      if (!internals.stream.isPaused()) this.expectRest();
    };
  }

  private expectRest(): void {
    if (this.reader.isWithinMessage && !this.timer) this.startTimer();
  }

  private startTimer(): void {
    const { messageTimeMs } = this.parts;
    this.timer = setTimeout(() => {
      this.refuse(invalid("request", `the message is not complete after ${messageTimeMs} ms`));
    }, messageTimeMs);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

function unsupported(encoding: string) {
  const metadata = new Metadata();
  metadata.set("grpc-accept-encoding", encodings.join(","));
  const details = `grpc-encoding: ${show(encoding)} is not supported; use ${encodings.join(", ")}`;
  return { code: status.UNIMPLEMENTED, details, metadata };
}
