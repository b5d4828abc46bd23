// runtime: either
import { decode, Encoder, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeAs, decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { LimitExceeded, MalformedMessage, ProtocolError, UnknownVersion } from "../../protocol/errors.ts";
import { MAX_CLIENT_MESSAGE_BYTES, MAX_MESSAGE_BYTES, MAX_NESTING } from "../../protocol/limits.ts";
import { MESSAGES, type Message, type MessageName } from "../../protocol/messages.ts";
import { checkStructure } from "../../protocol/msgpack-structure.ts";
import { decodeSamplesFast, encodeSamples } from "../../protocol/samples.ts";
import { anyMessage, count, MESSAGE } from "./arbitraries.ts";
import { refuses } from "./refusal.ts";

for (const name of Object.keys(MESSAGE) as MessageName[]) {
  test(`[K1] ${name} comes back as it was sent`, () => {
    fc.assert(
      fc.property(MESSAGE[name] as fc.Arbitrary<Message>, (message) => {
        assert.equal(decodeMessage(encodeMessage(message)), message);
      }),
      { numRuns: 60 },
    );
  });
}

test("[K2] the order in which an object was built does not change its bytes", () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      if (message.type === "frame") return;
      const backwards = Object.fromEntries(Object.entries(message).reverse()) as Message;
      assert.equal(encodeMessage(backwards), encodeMessage(message));
    }),
  );
});

test("encoded bytes are exactly long and share no memory with the next message", () => {
  const first = encodeMessage({ type: "ping", nonce: 1 });
  const copy = Uint8Array.from(first);
  encodeMessage({ type: "ping", nonce: 77 });
  assert.is(first.byteLength, first.buffer.byteLength);
  assert.equal(first, copy);
});

test("[K4] a kind that is not known comes out as unknown and goes on unchanged", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x60, max: 0xffff }), fc.jsonValue(), (code, body) => {
      const bytes = encode([1, code, body]);
      const message = decodeMessage(bytes);
      assert.is(message.type, "unknown");
      assert.is(message.type === "unknown" && message.code, code);
      assert.equal(encodeMessage(message), Uint8Array.from(bytes));
    }),
  );
});

test("a field that a newer peer added is dropped", () => {
  assert.equal(decodeMessage(encode([1, MESSAGES.ping.code, { nonce: 3, colour: "red" }])), {
    type: "ping",
    nonce: 3,
  });
});

test("a message of a newer version is refused with both versions", () => {
  refuses(
    () => decodeMessage(encode([2, MESSAGES.ping.code, { nonce: 3 }])),
    UnknownVersion,
    /protocol version 2; expected version 1/,
  );
});

test("a refusal names action, value and what was expected", () => {
  const bad = encode([1, MESSAGES.ping.code, { nonce: -1 }]);
  const error = refuses(
    () => decodeMessage(bad),
    MalformedMessage,
    /^Cannot decode ping: nonce is -1; expected >=0$/,
  );
  assert.equal([error.action, error.value, error.expected], ["decode ping", "nonce is -1", ">=0"]);
  refuses(
    () => decodeMessage(encode([1, MESSAGES.ping.code, {}])),
    MalformedMessage,
    /no nonce; expected a field nonce/,
  );
  refuses(() => decodeMessage(encode([1, MESSAGES.ping.code, 7])), MalformedMessage, /the body is 7/);
  refuses(
    () => decodeAs("pong", encodeMessage({ type: "ping", nonce: 1 })),
    MalformedMessage,
    /a message of type ping; expected pong/,
  );
});

test("what a reader would refuse is not written", () => {
  const tooLong = { type: "hello", client: "x".repeat(129), versions: [1] } as const;
  refuses(
    () => encodeMessage({ ...tooLong, versions: [1] }),
    MalformedMessage,
    /Cannot encode hello: client is "x+…; expected at most MAX_NAME_BYTES/,
  );
  refuses(
    () => encodeMessage({ type: "measurement", gauges: { load: Number.NaN } }),
    MalformedMessage,
    /gauges.load is NaN/,
  );
  refuses(
    () => encodeMessage({ type: "configChanged", path: "a", value: new Date(0), author: "b" }),
    MalformedMessage,
    /plain JSON/,
  );
  refuses(
    () => encodeMessage({ type: "measurement", gauges: { constructor: 1 } }),
    MalformedMessage,
    /gauges/,
  );
});

test("a message over its row's limit is refused both ways", () => {
  const bytes = encode([
    1,
    MESSAGES.ping.code,
    { nonce: 1, padding: new Uint8Array(MAX_CLIENT_MESSAGE_BYTES) },
  ]);
  refuses(() => decodeMessage(bytes), LimitExceeded, /bytes; expected at most 32768/);
  const channels = Array.from({ length: 128 }, (_, k) => ({
    name: `c${k}`,
    title: "t".repeat(4096),
    unit: "",
  }));
  const declaration = {
    type: "channels",
    group: "g",
    source: "s",
    channels,
    sampling: "rows",
    everyUs: 0,
    innovation: "ar1",
  } as const;
  refuses(
    () => encodeMessage({ ...declaration, channels }),
    LimitExceeded,
    /Cannot encode channels: \d+ bytes; expected at most 131072/,
  );
});

test("keys that reach into prototypes are refused and pollute nothing", () => {
  for (const key of ["__proto__", "constructor", "prototype"]) {
    const bytes = new Encoder().encode([
      1,
      MESSAGES.measurement.code,
      { gauges: Object.fromEntries([[key, { polluted: 1 }]]) },
    ]);
    refuses(() => decodeMessage(bytes), MalformedMessage, new RegExp(key));
  }
  assert.is((Object.prototype as Record<string, unknown>)["polluted"], undefined);
});

/** An array or a map that holds one value, by each way to state its length. */
const HOLDING_ONE = {
  "fixed array": [0x91],
  "array 16": [0xdc, 0, 1],
  "array 32": [0xdd, 0, 0, 0, 1],
  "fixed map": [0x81, 0xa1, 0x61],
  "map 16": [0xde, 0, 1, 0xa1, 0x61],
  "map 32": [0xdf, 0, 0, 0, 1, 0xa1, 0x61],
};

for (const [kind, head] of Object.entries(HOLDING_ONE))
  test(`nesting of a ${kind} counts: MAX_NESTING is allowed, one more is refused`, () => {
    const nested = (depth: number) =>
      Uint8Array.from([...new Array<number[]>(depth).fill(head).flat(), 0xc0]);
    checkStructure("decode x", nested(MAX_NESTING), 0);
    refuses(
      () => checkStructure("decode x", nested(MAX_NESTING + 1), 0),
      LimitExceeded,
      /nesting deeper than/,
    );
  });

test("nesting is refused before it is followed", () => {
  const deep = Uint8Array.from([
    0x93,
    1,
    MESSAGES.configChanged.code,
    ...new Array<number>(100_000).fill(0x91),
    0xc0,
  ]);
  refuses(() => decodeMessage(deep), LimitExceeded, new RegExp(`nesting deeper than ${MAX_NESTING}`));
});

test("lengths that exceed the bytes are refused before anything is decoded", () => {
  for (const head of [0xdd, 0xdf, 0xdb, 0xc6]) {
    const bytes = Uint8Array.from([0x93, 1, MESSAGES.ping.code, head, 0xff, 0xff, 0xff, 0xff, 0x00]);
    refuses(() => decodeMessage(bytes), MalformedMessage, /the bytes end/);
  }
});

test("a stated length is the sum of all its bytes, in 16 and in 32 bits", () => {
  for (const [head, bytes] of [
    [0xc5, 2],
    [0xc6, 4],
  ] as const) {
    for (let at = 0; at < bytes; at++) {
      const stated = new Uint8Array(bytes);
      stated[at] = 1;
      const length = 0x100 ** (bytes - 1 - at);
      // One byte is missing, so any smaller length would be taken and any other be refused elsewhere.
      const content = new Uint8Array(Math.min(length, 0x10000) - 1);
      refuses(
        () => checkStructure("decode x", Uint8Array.of(head, ...stated, ...content), 0),
        MalformedMessage,
        /the bytes end inside the value/,
      );
      if (length <= 0x10000) checkStructure("decode x", Uint8Array.of(head, ...stated, ...content, 0), 0);
    }
  }
});

test("decimated samples whose columns disagree are refused, whichever column it is", () => {
  const rows = 3;
  const columns = { interval: 4, channel: 2, min: 8, max: 8, last: 8, samples: 4 };
  const send = (change: object) => {
    const own = Object.entries(columns).map(([name, size]) => [name, new Uint8Array(size * rows)]);
    const head = { id: 1, inputSequence: 1, group: "g", fromUs: 0, everyUs: 1000 };
    return encode([1, MESSAGES.decimated.code, { ...head, ...Object.fromEntries(own), ...change }]);
  };
  assert.is(decodeAs("decimated", send({})).min.length, 8 * rows);
  for (const [name, size] of Object.entries(columns))
    for (const wrong of [rows - 1, rows + 1])
      refuses(
        () => decodeMessage(send({ [name]: new Uint8Array(size * wrong) })),
        MalformedMessage,
        /decimated/,
      );
});

test("every truncated message is refused", () => {
  fc.assert(
    fc.property(anyMessage, fc.double({ min: 0, max: 1, noNaN: true }), (message, part) => {
      const bytes = encodeMessage(message);
      const cut = bytes.subarray(0, Math.floor(part * (bytes.length - 1)));
      refuses(() => decodeMessage(cut), MalformedMessage, /^Cannot decode/);
    }),
    { numRuns: 300 },
  );
});

test("[K3] any bytes are decoded or refused", () => {
  const body = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(
      fc.oneof(
        body,
        fc.tuple(fc.nat(0x60), body).map(([code, rest]) => Uint8Array.from([0x93, 1, code, ...rest])),
      ),
      (bytes) => {
        try {
          assert.type(decodeMessage(bytes).type, "string");
        } catch (error) {
          assert.instance(error, ProtocolError);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test("a kind that is not known is refused beyond the limit of messages", () => {
  const bytes = new Uint8Array(MAX_MESSAGE_BYTES + 1);
  bytes.set([0x93, 1, 0x7f, 0xc0]);
  refuses(() => decodeMessage(bytes), LimitExceeded, /Cannot decode message of code 127: 524289 bytes/);
});

test("bytes after a message are refused", () => {
  const bytes = encodeMessage({ type: "ping", nonce: 1 });
  refuses(
    () => decodeMessage(Uint8Array.from([...bytes, 0])),
    MalformedMessage,
    /1 bytes after the end of the message/,
  );
});

test("extension types, map keys that are no strings, and unused type bytes are refused", () => {
  const body = (...bytes: number[]) => Uint8Array.from([0x93, 1, MESSAGES.ping.code, ...bytes]);
  refuses(() => decodeMessage(body(0xd6, 0xff, 0, 0, 0, 0)), MalformedMessage, /type byte 0xd6 at byte 3/);
  refuses(() => decodeMessage(body(0x81, 0x01, 0x01)), MalformedMessage, /map key of type 0x1 at byte 4/);
  refuses(() => decodeMessage(body(0xc1)), MalformedMessage, /type byte 0xc1/);
});

test("version and code in a longer form than needed are refused, so that unknown kinds keep their bytes", () => {
  refuses(() => decodeMessage(Uint8Array.from([0x93, 0xcc, 1, 5, 0x80])), MalformedMessage, /shortest form/);
  refuses(
    () => decodeMessage(Uint8Array.from([0x93, 1, 0xcd, 0, 5, 0x80])),
    MalformedMessage,
    /shortest form/,
  );
});

test("samples are read by hand, and only as the library reads them", () => {
  let taken = 0;
  fc.assert(
    fc.property(MESSAGE.samples, fc.nat(), fc.nat(255), fc.boolean(), (message, place, byte, cut) => {
      const whole = encodeSamples(message.inputSequence, message.frame);
      assert.equal(decodeSamplesFast(whole), message);
      const at = place % whole.length;
      whole[at] = byte;
      const received = cut ? whole.subarray(0, at) : whole;
      const read = decodeSamplesFast(received);
      if (read === null) return;
      taken++;
      const [version, code, body] = decode(received) as [number, number, object];
      assert.equal([version, code, { type: "samples", ...body }], [1, MESSAGES.samples.code, read]);
    }),
    { numRuns: 1000 },
  );
  assert.ok(taken > 20, `${taken}`);
});

test("samples wrapped by hand equal those of the codec", () => {
  fc.assert(
    fc.property(
      count,
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(255, 256, 65_535, 65_536).map((n) => new Uint8Array(n)),
      ),
      (inputSequence, frame) => {
        assert.equal(
          encodeSamples(inputSequence, frame),
          encodeMessage({ type: "samples", inputSequence, frame }),
        );
      },
    ),
  );
});

test("a message in the middle of a larger buffer is read from its own bytes", () => {
  const message = {
    type: "takeover",
    partition: "p",
    epoch: 2,
    lastBlock: 9,
    lastHash: new Uint8Array(32).fill(7),
    owner: "n",
  } as const;
  const bytes = encodeMessage(message);
  const larger = new Uint8Array(bytes.length + 5).fill(0xff);
  larger.set(bytes, 3);
  assert.equal(decodeMessage(larger.subarray(3, 3 + bytes.length)), message);
});

test.run();
