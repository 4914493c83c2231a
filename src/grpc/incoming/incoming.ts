import type { Metadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { invalid } from "../../errors/posta-error.js";
import { toMistake } from "../../rpc/contract/request-decoder.js";
import type { StatusMap } from "../../rpc/status.js";
import { Malformed } from "../../rpc/stream/stream-end.js";
import { type CallInternals, internalsOf } from "./call-internals.js";
import { closeAfter, farewellMs } from "./farewell.js";
import { type FrameLimits, FrameReader } from "./frame-reader.js";
import { encodings, type Inflater, unsupported } from "./inflate.js";

/** How long a stream that is refused may take for the acknowledgements of what came before, in milliseconds. */
const lastAnswersMs = 30_000;

const nothing = Buffer.alloc(0);

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
  /** The encodings that messages may have. */
  readonly encodings: readonly string[];
  /** Whether the handler takes a {@link Malformed} as its last message. Else a call that is refused ends at once. */
  readonly takesMalformed: boolean;
}

/**
 * What comes in on one call, from bytes to decoded messages. It takes the place of grpc-js's own, which holds any number of
 * bytes for any time, inflates and decodes all messages that came together, and takes a caller's mistakes for its own errors.
 * Here a message is taken apart, inflated and decoded when the handler asks for it, and that of a unary call when its caller
 * has ended: until then it is in the budget as it came.
 */
export class Incoming {
  private readonly internals: CallInternals;
  private readonly reader: FrameReader;
  private listener: Listener | undefined;
  /** The message that is complete and has not been asked for. */
  private message: Buffer | undefined;
  /** Whether the handler has asked for a message. */
  private isWanted = false;
  private hasEnded = false;
  private hasHandler = false;
  /** Whether nothing more is taken: the call is refused, has its status, or its caller is gone. */
  private isOver = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly call: ServerInterceptingCallInterface,
    private readonly limits: IncomingLimits,
    private readonly parts: IncomingParts,
  ) {
    this.internals = internalsOf(call);
    this.reader = new FrameReader(limits, (error) => this.refuse(error));
    this.internals.handleDataFrame = (data) => this.take(data);
    this.internals.handleEndEvent = () => {
      this.hasEnded = true;
      this.goOn();
    };
    call.startRead = () => {
      this.isWanted = true;
      this.take(nothing);
    };
    if (limits.mustBegin) this.startTimer();
  }

  /** Sees the call's beginning and its end. */
  watch(listener: Listener): void {
    const { onReceiveMetadata, onCancel } = listener;
    this.listener = listener;
    listener.onReceiveMetadata = (metadata: Metadata) => {
      const { incomingEncoding } = this.internals;
      // Later, the status would overtake the answers to messages that are not compressed.
      if (!encodings.includes(incomingEncoding)) {
        this.end(unsupported(incomingEncoding, this.limits.encodings));
        return;
      }
      this.hasHandler = true;
      onReceiveMetadata.call(listener, metadata);
    };
    listener.onCancel = () => {
      this.stop();
      const { stream } = this.internals;
      // A caller that has its status could go on to send, and to hold the stream.
      if (!stream.readableEnded && !stream.destroyed) closeAfter(stream, farewellMs);
      onCancel.call(listener);
    };
  }

  /** Takes nothing more, and gives back what is held. */
  stop(): void {
    this.isOver = true;
    this.message = undefined;
    this.reader.release();
    this.stopTimer();
  }

  /** Ends the call, if it has not ended. What it still sends is dropped. */
  refuse(error: unknown): void {
    if (this.isOver) return;
    if (!this.hasHandler || !this.limits.takesMalformed) {
      this.end(this.parts.statuses.toStatus(error));
      return;
    }
    this.stop();
    const { stream } = this.internals;
    stream.pause();
    closeAfter(stream, lastAnswersMs);
    this.listener?.onReceiveMessage(new Malformed(error));
  }

  private end(ending: Parameters<ServerInterceptingCallInterface["sendStatus"]>[0]): void {
    this.stop();
    this.call.sendStatus(ending);
    closeAfter(this.internals.stream, farewellMs);
  }

  private take(data: Buffer): void {
    if (this.isOver) return;
    try {
      this.message = this.reader.read(data) ?? this.message;
    } catch (error) {
      this.refuse(error);
      return;
    }
    this.goOn();
  }

  private goOn(): void {
    if (!this.isWanted || this.isOver) return;
    const { message, limits, internals } = this;
    if (message && (limits.isStream || this.hasEnded)) this.deliver(message);
    else if (this.hasEnded) this.endReading();
    else {
      internals.stream.resume();
      if (limits.isStream && this.reader.isWithinMessage && !this.timer) this.startTimer();
    }
  }

  private deliver(message: Buffer): void {
    this.message = undefined;
    this.isWanted = false;
    this.stopTimer();
    if (this.limits.isStream) this.internals.stream.pause();
    this.reader.release();
    if (message[0] === 0) this.decode(message.subarray(5));
    else void this.inflate(message.subarray(5));
  }

  private decode(content: Buffer): void {
    let request: unknown;
    try {
      request = this.internals.handler.deserialize(content);
    } catch (error) {
      this.refuse(toMistake(error));
      return;
    }
    this.listener?.onReceiveMessage(request);
  }

  private async inflate(content: Buffer): Promise<void> {
    const { incoming, maxMessageBytes, encodings } = this.limits;
    const { incomingEncoding: encoding } = this.internals;
    if (!encodings.includes(encoding)) {
      this.end(unsupported(encoding, encodings));
      return;
    }
    const share = incoming.begin((error) => this.refuse(error));
    try {
      if (encoding === "identity") throw invalid("grpc-encoding", "is required: a message says that it is compressed");
      share.hold(content.length);
      const inflated = await this.parts.inflater.inflate(content, encoding, maxMessageBytes);
      if (!this.isOver) this.decode(inflated);
    } catch (error) {
      this.refuse(error);
    } finally {
      share.release();
    }
  }

  private endReading(): void {
    this.stopTimer();
    if (this.reader.isWithinMessage) this.refuse(invalid("request", "ends in the middle of a message"));
    else {
      this.isWanted = false;
      this.listener?.onReceiveHalfClose();
    }
  }

  private startTimer(): void {
    const { messageTimeMs } = this.parts;
    this.timer = setTimeout(() => {
      this.refuse(invalid("request", `the message is not complete after ${messageTimeMs} ms`));
    }, messageTimeMs);
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
