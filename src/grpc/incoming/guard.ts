import {
  type Metadata,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from "@grpc/grpc-js";
import type { Authenticate, Principal } from "../../rpc/auth/authenticate.js";
import { clientCertificateOf } from "../../rpc/auth/client-certificate.js";
import { ErrorTrailers } from "../../rpc/status.js";
import { internalsOf } from "./call-internals.js";
import { closeAfter, farewellMs } from "./farewell.js";
import { Incoming, type IncomingLimits, type IncomingParts } from "./incoming.js";
import { mistakeBehind } from "./library-status.js";

/** Who may call a method, and what a call may send. */
export interface MethodRules {
  authenticate: Authenticate;
  limits: IncomingLimits;
}

const principalKey = Symbol("principal");

type Known = Metadata & { [principalKey]?: Principal };

/**
 * Admits a call by its headers alone, so an unknown caller is refused before a byte of the request is read. Then bounds
 * the incoming data.
 */
export function guardCalls(rulesOf: (path: string) => MethodRules, parts: IncomingParts): ServerInterceptor {
  return (method, call) => {
    guardCall(call, rulesOf(method.path), parts);
    return call as ServerInterceptingCall;
  };
}

function guardCall(call: ServerInterceptingCallInterface, rules: MethodRules, parts: IncomingParts): void {
  const incoming = new Incoming(call, rules.limits, parts);
  const { start, sendStatus } = call;
  call.start = (listener) => {
    incoming.watch(listener);
    const { onReceiveMetadata } = listener;
    listener.onReceiveMetadata = (metadata: Known) => {
      try {
        metadata[principalKey] = rules.authenticate(credentialsOf(call, metadata));
      } catch (error) {
        incoming.refuse(error);
        return;
      }
      onReceiveMetadata.call(listener, metadata);
    };
    start.call(call, listener);
  };
  call.sendStatus = (ending) => {
    // grpc-js sends the status only after the caller has read everything. Until then, grpc-js would keep reading.
    incoming.stop();
    call.sendMessage = dropMessage;
    if (ending.code === status.DEADLINE_EXCEEDED) closeAfter(internalsOf(call).stream, farewellMs);
    const mistake = ending.metadata instanceof ErrorTrailers ? undefined : mistakeBehind(ending);
    sendStatus.call(call, mistake ? parts.statuses.toStatus(mistake) : ending);
  };
}

/**
 * Drops a message that a handler writes after the status. A write after the end would fail the stream, and the status
 * would never be sent.
 */
function dropMessage(_message: unknown, written: () => void): void {
  written();
}

/** The caller of a call. Every call that reaches a handler has one. */
export function principalOf(metadata: Metadata): Principal {
  const principal = (metadata as Known)[principalKey];
  if (!principal) throw new Error("a call was not authenticated");
  return principal;
}

function credentialsOf(call: ServerInterceptingCallInterface, metadata: Metadata) {
  return {
    authorization: metadata.get("authorization")[0],
    certificate: () => clientCertificateOf(internalsOf(call).stream.session?.socket),
  };
}
