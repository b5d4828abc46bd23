/**
 * Encodes messages to bytes and decodes them.
 *
 *   encodeMessage   checks by schema, so that nothing is written that a reader would refuse → new bytes of exact length
 *   decodeMessage   envelope → limit of the row → structure → msgpack → older versions → schema
 *
 * K1  decode(encode(m)) equals m (−0 outside columns becomes 0).
 * K2  Equal messages give equal bytes: fields are in the order of the schema.
 * K3  For any bytes, decoding throws only a ProtocolError and uses memory in proportion to the bytes.
 * K4  A message with an unknown code is decoded as `unknown` and encodes to the same bytes.
 *
 * Binary fields of a decoded message are views of `bytes`; the columns of a frame are copies.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { checked, shorten } from "./check-body.ts";
import { readEnvelope, writeEnvelope } from "./envelope.ts";
import { errorText, LimitExceeded, MalformedMessage, ProtocolError, show } from "./errors.ts";
import { FORBIDDEN_KEYS } from "./fields.ts";
import type { Frame, ScratchFrame } from "./frame.ts";
import { bodyToFrame, bodyToFreshFrame, frameToBody } from "./frame-body.ts";
import { decodeFrameFast, decodeFrameFastInto } from "./frame-decode.ts";
import { encodeFrameFast, encodeFrameFastView } from "./frame-encode.ts";
import { MAX_MESSAGE_BYTES, MAX_NESTING } from "./limits.ts";
import {
  type DecodedMessage,
  MESSAGES,
  type Message,
  type MessageName,
  type MessageOf,
  nameOfCode,
} from "./messages.ts";
import { checkStructure } from "./msgpack-structure.ts";
import { decodeSamplesFast } from "./samples.ts";
import { CURRENT, checkVersion, PROTOCOL_VERSION, type Reader, upcast } from "./versions.ts";

/** The message as new bytes of exact length. Throws MalformedMessage or LimitExceeded. */
export function encodeMessage(message: DecodedMessage): Uint8Array {
  if (message.type === "frame") return encodeFrame(message);
  if (message.type === "unknown") return writeEnvelope(message.version, message.code, message.body);
  const row = MESSAGES[message.type];
  if (row === undefined)
    throw new MalformedMessage("encode message", `type ${show(message.type)}`, "a row of MESSAGES");
  const action = `encode ${message.type}`;
  return withinLimit(action, message.type, pack(action, row.code, checked(action, row.schema, message)));
}

/** Decodes one message from any writer. Throws only a ProtocolError. */
export function decodeMessage(bytes: Uint8Array, reader: Reader = CURRENT): DecodedMessage {
  const { version, code, bodyAt } = readEnvelope(bytes);
  checkVersion(version, reader);
  const name = nameOfCode(code);
  if (name === undefined) {
    if (bytes.length > MAX_MESSAGE_BYTES) {
      throw new LimitExceeded(
        `decode message of code ${code}`,
        `${bytes.length} bytes`,
        `at most MAX_MESSAGE_BYTES (${MAX_MESSAGE_BYTES})`,
      );
    }
    return { type: "unknown", version, code, body: bytes.subarray(bodyAt) };
  }
  const action = `decode ${name}`;
  withinLimit(action, name, bytes);
  if (name === "frame") {
    const frame = version === reader.version ? decodeFrameFast(bytes, bodyAt) : null;
    return frame ?? bodyToFreshFrame(readBody(action, name, bytes, bodyAt, version, reader));
  }
  if (name === "samples") {
    const samples = decodeSamplesFast(bytes);
    if (samples !== null) return samples;
  }
  const body = readBody(action, name, bytes, bodyAt, version, reader);
  return { type: name, ...(checked(action, MESSAGES[name].schema, body) as object) } as Message;
}

/** Decodes a message that must have this name. */
export function decodeAs<Name extends MessageName>(name: Name, bytes: Uint8Array): MessageOf<Name> {
  const message = decodeMessage(bytes);
  if (message.type !== name)
    throw new MalformedMessage(`decode ${name}`, `a message of type ${message.type}`, name);
  return message as MessageOf<Name>;
}

/** As encodeMessage. 256 samples take a few µs, one sample less than 1 µs. */
export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = encodeFrameFast(frame);
  return (
    bytes ??
    withinLimit("encode frame", "frame", pack("encode frame", MESSAGES.frame.code, frameToBody(frame)))
  );
}

/** As encodeFrame, without a copy: the bytes are valid until the next frame is encoded. */
export function encodeFrameView(frame: Frame): Uint8Array {
  return encodeFrameFastView(frame) ?? encodeFrame(frame);
}

/** Decodes a frame into columns that are reused, for replay. The result is `scratch`. */
export function decodeFrameInto(bytes: Uint8Array, scratch: ScratchFrame): Frame {
  const { version, code, bodyAt } = readEnvelope(bytes);
  checkVersion(version, CURRENT);
  if (code !== MESSAGES.frame.code)
    throw new MalformedMessage("decode frame", `code ${code}`, `code ${MESSAGES.frame.code}`);
  withinLimit("decode frame", "frame", bytes);
  if (version === PROTOCOL_VERSION && decodeFrameFastInto(bytes, bodyAt, scratch)) return scratch;
  return bodyToFrame(readBody("decode frame", "frame", bytes, bodyAt, version, CURRENT), scratch);
}

/** Whether the bytes begin like a frame, so that a replay can use `decodeFrameInto`. */
export function isFrame(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && bytes[1] === PROTOCOL_VERSION && bytes[2] === MESSAGES.frame.code;
}

// checkStructure ensures that strings, arrays and maps are no longer than the bytes; each row limits the bytes.
const decoder = new Decoder({ mapKeyConverter: safeKey });
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: MAX_NESTING + 2 });

function pack(action: string, code: number, body: unknown): Uint8Array {
  try {
    return encoder.encode([PROTOCOL_VERSION, code, body]);
  } catch (cause) {
    throw new MalformedMessage(action, describe(cause), "values that msgpack can encode", { cause });
  }
}

function readBody(
  action: string,
  name: string,
  bytes: Uint8Array,
  bodyAt: number,
  version: number,
  reader: Reader,
): unknown {
  checkStructure(action, bytes, bodyAt);
  let body: unknown;
  try {
    body = decoder.decode(bytes.subarray(bodyAt));
  } catch (cause) {
    throw cause instanceof ProtocolError
      ? cause
      : new MalformedMessage(action, describe(cause), "plain msgpack", { cause });
  }
  if (version === reader.version) return body;
  try {
    return upcast(name, body, version, reader);
  } catch (cause) {
    throw new MalformedMessage(
      action,
      `a body of version ${version}: ${describe(cause)}`,
      `one that can become version ${reader.version}`,
      { cause },
    );
  }
}

function withinLimit(action: string, name: MessageName, bytes: Uint8Array): Uint8Array {
  const { maxBytes } = MESSAGES[name];
  if (bytes.length > maxBytes)
    throw new LimitExceeded(action, `${bytes.length} bytes`, `at most ${maxBytes}`);
  return bytes;
}

/** The library itself refuses `__proto__`. */
function safeKey(key: unknown): string {
  if (typeof key === "string" && !FORBIDDEN_KEYS.has(key)) return key;
  throw new MalformedMessage(
    "decode message",
    `map key ${show(key)}`,
    "a string other than __proto__, constructor, prototype",
  );
}

function describe(cause: unknown): string {
  return shorten(errorText(cause));
}
