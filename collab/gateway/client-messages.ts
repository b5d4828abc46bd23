/** Messages of a WebSocket connection that are not deliveries: reading those of the client, and making `welcome`, `refused` and `closing`. */
import type { LiveSession } from "../../actors/ports/session.ts";
import { CLOSE_CODES } from "../../protocol/client-schemas.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import {
  type ClientMessage,
  type CloseReason,
  type Closing,
  mayFlow,
  type Refused,
  type Welcome,
} from "../../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import type { GatewayLimits } from "./limits.ts";

/** The message, if a client may send it, or the refusal that answers it. Does not throw. */
export function readClientMessage(
  data: Uint8Array,
  isBinary: boolean,
): { message: ClientMessage } | { refused: Refused } {
  if (!isBinary)
    return { refused: refusedMessage("", "read message", "a text message", "a binary message (msgpack)") };
  try {
    const message = decodeMessage(data);
    if (isClientMessage(message)) return { message };
    const what = message.type === "unknown" ? `code ${message.code}` : message.type;
    const expected = "a message whose flow has client→gateway: hello, subscribe, unsubscribe, ping";
    return { refused: refusedMessage(message.type, "take message", what, expected) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { refused: refusedMessage("", error.action, error.value, error.expected) };
  }
}

export function refusedMessage(
  request: string,
  action: string,
  value: string,
  expected: string,
  id?: number,
): Refused {
  return { type: "refused", request, action, value, wanted: expected, ...(id === undefined ? {} : { id }) };
}

/** `partitions`: all of the session, the first one first. */
export function welcomeMessage(
  session: LiveSession,
  partitions: readonly string[],
  server: string,
  limits: GatewayLimits,
): Welcome {
  const { partition, durability, timeUs, lastInputSequence, lastEventSequence } = session.describe();
  return {
    type: "welcome",
    session: session.session,
    partition,
    server,
    version: PROTOCOL_VERSION,
    durability,
    timeUs,
    groups: session.groups().map(({ group }) => group),
    cursors: { input: lastInputSequence, event: lastEventSequence },
    limits: {
      messageBytes: limits.messageBytesMax,
      messagesPerSecond: limits.messagesPerSecond,
      subscriptions: limits.subscriptionsMax,
      conflateBytes: limits.conflateAboveBytes,
      closeBytes: limits.cutAboveBytes,
    },
    ...(partitions.length > 1 ? { partitions: [...partitions] } : {}),
  };
}

export function closingMessage(
  reason: CloseReason,
  detail: string,
  retryAfterMs: number | undefined = RETRY_AFTER_MS[reason],
): Closing {
  return {
    type: "closing",
    reason,
    code: CLOSE_CODES[reason],
    detail,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** For reasons that pass, the time to wait: a restart takes about a second, a full rate limit a few. */
const RETRY_AFTER_MS: Partial<Record<CloseReason, number>> = {
  shutdown: 250,
  slow: 500,
  internal: 1_000,
  rate: 5_000,
};

function isClientMessage(message: ReturnType<typeof decodeMessage>): message is ClientMessage {
  return mayFlow(message.type, "client→gateway");
}
