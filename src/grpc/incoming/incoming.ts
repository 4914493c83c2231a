import type { Metadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { invalid } from "../../errors/posta-error.js";
import { toMistake } from "../../rpc/contract/request-decoder.js";
import type { StatusMap } from "../../rpc/status.js";
import { Malformed } from "../../rpc/stream/stream-end.js";
import { type CallInternals, internalsOf } from "./call-internals.js";
import { closeAfter, farewellMs } from "./farewell.js";
import { type FrameLimits, FrameReader } from "./frame-reader.js";
import { encodings, type Inflater, unsupported } from "./inflate.js";

/** After a stream is refused, how long the acknowledgements of its earlier messages may take, in milliseconds. */
const lastAnswersMs = 30_000;

const nothing = Buffer.alloc(0);

/** What all incoming calls of a server share. */
export interface IncomingParts {
  statuses: StatusMap;
  inflater: Inflater;
  /** How long a message of a stream may take from its first byte to its last, in milliseconds. */
  messageTimeMs: number;
}

type Listener = Parameters<ServerInterceptingCallInterface["start"]>[0];

/** What a call may send. */
export interface IncomingLimits extends FrameLimits {
  /** Largest size of one message after it is inflated. */
  readonly maxMessageBytes: number;
  /** Whether the call's only message must arrive within `messageTimeMs`, because no deadline bounds the call. */
  readonly mustBegin: boolean;
  /** The encodings that messages may have. */
  readonly encodings: readonly string[];
  /** Whether the handler accepts a {@link Malformed} as its last message. If not, a refused call ends immediately. */
  readonly takesMalformed: boolean;
}

/**
 * Reads one call's incoming data, from bytes to decoded messages. This class replaces the reader of grpc-js. That
 * reader holds any number of bytes for any time. It inflates and decodes all messages that arrived together. It reports
 * a caller's mistakes as internal errors.
 *
 * Here a message is split off, inflated and decoded only when the handler asks for it. A unary call's message also
 * waits until its caller has ended the request. Until then, the message counts in the budget with the bytes that
 * arrived.
 */
export class Incoming {
  private readonly internals: CallInternals;
  private readonly reader: FrameReader;
  private listener: Listener | undefined;
  /** A complete message that the handler has not asked for yet. */
  private message: Buffer | undefined;
  /** Whether the handler has asked for a message. */
  private isWanted = false;
  private hasEnded = false;
  private hasHandler = false;
  /** Whether reading has stopped: the call is refused, has its status, or its caller is gone. */
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

  /** Hooks into the call's start and cancellation. */
  watch(listener: Listener): void {
    const { onReceiveMetadata, onCancel } = listener;
    this.listener = listener;
    listener.onReceiveMetadata = (metadata: Metadata) => {
      const { incomingEncoding } = this.internals;
      // Check this before any message. Later, the status would overtake the answers to uncompressed messages.
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
      // A caller that has its status could keep sending, and so keep the stream open.
      if (!stream.readableEnded && !stream.destroyed) closeAfter(stream, farewellMs);
      onCancel.call(listener);
    };
  }

  /** Stops reading, and gives the held bytes back to the budget. */
  stop(): void {
    this.isOver = true;
    this.message = undefined;
    this.reader.release();
    this.stopTimer();
  }

  /** Ends the call if it has not ended yet. Later data from the caller is dropped. */
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
