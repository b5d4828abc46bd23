// runtime: either
import { encode } from "@msgpack/msgpack";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { MalformedMessage, UnknownVersion } from "../../protocol/errors.ts";
import { frameToBody } from "../../protocol/frame-body.ts";
import { MESSAGES } from "../../protocol/messages.ts";
import type { Reader } from "../../protocol/versions.ts";
import { refuses } from "./refusal.ts";

/** A reader of an invented version 3: `ping` said `number` in version 1 and `id` in version 2; frames were in ms in version 1. */
const READER: Reader = {
  version: 3,
  upcasters: {
    1: {
      ping: (body) => ({ id: (body as { number: number }).number }),
      frame: (body) => ({ ...(body as object), t0: 1000 * (body as { t0: number }).t0 }),
    },
    2: { ping: (body) => ({ nonce: (body as { id: number }).id }) },
  },
};

test("a message of an older version is converted to the current one, step by step", () => {
  assert.equal(decodeMessage(encode([1, MESSAGES.ping.code, { number: 5 }]), READER), {
    type: "ping",
    nonce: 5,
  });
  assert.equal(decodeMessage(encode([2, MESSAGES.ping.code, { id: 5 }]), READER), { type: "ping", nonce: 5 });
  assert.equal(decodeMessage(encode([3, MESSAGES.ping.code, { nonce: 5 }]), READER), {
    type: "ping",
    nonce: 5,
  });
});

test("a message that did not change needs no step", () => {
  const message = { type: "unsubscribe", id: 2 } as const;
  assert.equal(decodeMessage(encodeMessage(message), READER), message);
});

test("an older frame takes its steps although frames have a fast reader", () => {
  const frame = {
    type: "frame" as const,
    group: "g",
    source: "s",
    sequence: 1,
    count: 1,
    time: Float64Array.of(1_700_000_000_000),
    channel: Uint16Array.of(0),
    value: Float64Array.of(1),
    size: null,
  };
  const old = encode([1, MESSAGES.frame.code, frameToBody(frame)]);
  assert.equal(decodeMessage(old, READER), { ...frame, time: Float64Array.of(1_700_000_000_000_000) });
});

test("the schema checks the result of the last step", () => {
  refuses(
    () => decodeMessage(encode([1, MESSAGES.ping.code, { number: "five" }]), READER),
    MalformedMessage,
    /nonce is "five"/,
  );
  refuses(
    () => decodeMessage(encode([1, MESSAGES.ping.code, null]), READER),
    MalformedMessage,
    /a body of version 1: .*; expected one that can become version 3/,
  );
});

test("newer versions and version 0 are refused by number", () => {
  refuses(
    () => decodeMessage(encode([4, MESSAGES.ping.code, {}]), READER),
    UnknownVersion,
    /protocol version 4; expected versions 1 to 3/,
  );
  refuses(
    () => decodeMessage(encode([0, MESSAGES.ping.code, {}])),
    UnknownVersion,
    /protocol version 0; expected version 1/,
  );
  refuses(() => decodeMessage(encode([9, 0x7777, {}])), UnknownVersion, /protocol version 9/);
});

test.run();
