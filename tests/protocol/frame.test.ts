// runtime: either
import { Buffer } from "node:buffer";
import { Decoder, decode, Encoder, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  decodeFrameInto,
  decodeMessage,
  encodeFrame,
  encodeFrameView,
  encodeMessage,
} from "../../protocol/codec.ts";
import { LimitExceeded, MalformedMessage, ProtocolError } from "../../protocol/errors.ts";
import { copyFrame, createScratchFrame, type Frame, FrameBuilder, frameFault } from "../../protocol/frame.ts";
import { bodyToFreshFrame, frameToBody } from "../../protocol/frame-body.ts";
import { decodeFrameFast } from "../../protocol/frame-decode.ts";
import { MAX_FRAME_BYTES, MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import { MESSAGES } from "../../protocol/messages.ts";
import { frame as anyFrame } from "./arbitraries.ts";
import { refuses } from "./refusal.ts";

const T0 = 1_700_000_000_000_000;

/** A good frame of `n` samples, 10 µs apart. */
function frameOf(n: number, change: Partial<Frame> = {}): Frame {
  return {
    type: "frame",
    group: "host",
    source: "walk#1",
    sequence: 7,
    count: n,
    time: Float64Array.from({ length: n }, (_, k) => T0 + 10 * k),
    channel: Uint16Array.from({ length: n }, (_, k) => k % 16),
    value: Float64Array.from({ length: n }, (_, k) => k / 8),
    size: null,
    ...change,
  };
}

/** The same message by the library alone. */
const byLibrary = (frame: Frame) => Uint8Array.from(encode([1, MESSAGES.frame.code, frameToBody(frame)]));

test("the fast writer gives the library's bytes", () => {
  fc.assert(
    fc.property(anyFrame, (frame) => assert.equal(encodeFrame(frame), byLibrary(frame))),
    { numRuns: 300 },
  );
});

test("the fast writer gives the library's bytes for integers of every length", () => {
  const edges = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0xffff,
    0x10000,
    0xffffffff,
    0x100000000,
    Number.MAX_SAFE_INTEGER,
  ];
  for (const edge of edges) {
    for (const t0 of [edge, -edge, -edge - 1]) {
      const time = Float64Array.of(Math.max(t0, -Number.MAX_SAFE_INTEGER));
      const frame = frameOf(1, { sequence: edge, time });
      assert.equal(encodeFrame(frame), byLibrary(frame), `${edge} ${t0}`);
      assert.equal(decodeMessage(encodeFrame(frame)), { ...frame, time: time.map((t) => t + 0) });
    }
  }
});

test("the fast reader and the slow one agree", () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const { value, ...others } = frameToBody(frame);
      const otherOrder = encode([1, MESSAGES.frame.code, { value, ...others }]);
      assert.equal(decodeMessage(otherOrder), decodeMessage(encodeFrame(frame)));
    }),
    { numRuns: 200 },
  );
});

test("frames with ASCII names are written and read without the msgpack library", () => {
  const scratch = createScratchFrame();
  const sequence = fc.oneof(fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER), fc.nat());
  const ascii = fc.stringMatching(/^[ -~]{1,128}$/);
  const usual = fc.tuple(anyFrame, sequence, ascii, ascii).map(([frame, sequence, group, source]) => ({
    ...frame,
    sequence,
    group,
    source,
    time: frame.time.map((time) => Math.abs(time)),
  }));
  withoutLibrary(() =>
    fc.assert(
      fc.property(usual, (frame) => {
        if (frameFault(frame) !== null) return;
        const bytes = encodeFrame(frame);
        assert.equal(encodeFrameView(frame), bytes);
        assert.equal(decodeMessage(bytes), frame);
        assert.equal(copyFrame(decodeFrameInto(bytes, scratch)), frame);
      }),
    ),
  );
});

/** Runs `act` while every use of the library throws. */
function withoutLibrary(act: () => void): void {
  const { encode } = Encoder.prototype;
  const { decode } = Decoder.prototype;
  const refuse = (): never => {
    throw new Error("the msgpack library was used");
  };
  Encoder.prototype.encode = refuse;
  Decoder.prototype.decode = refuse;
  try {
    act();
  } finally {
    Encoder.prototype.encode = encode;
    Decoder.prototype.decode = decode;
  }
}
test("the reader by hand takes no frame that the slow one refuses, and reads what it reads", () => {
  let taken = 0;
  fc.assert(
    fc.property(anyFrame, fc.nat(), fc.nat(255), fc.boolean(), (frame, place, byte, cut) => {
      const bytes = encodeFrame(frame);
      // After the envelope, which decodeMessage reads.
      const at = 3 + (place % (bytes.length - 3));
      bytes[at] = byte;
      const received = cut ? bytes.subarray(0, at) : bytes;
      const read = decodeFrameFast(received, 3);
      if (read === null) return;
      taken++;
      assert.equal(read, bodyToFreshFrame((decode(received) as unknown[])[2]));
    }),
    { numRuns: 2000 },
  );
  assert.ok(taken > 20, `${taken}`);
});

test("a frame read into reused columns equals one read afresh, with and without sizes by turns", () => {
  const scratch = createScratchFrame();
  fc.assert(
    fc.property(anyFrame, (frame) => {
      assert.is(decodeFrameInto(encodeFrame(frame), scratch), scratch);
      assert.equal(copyFrame(scratch), frame);
    }),
  );
});

test("columns longer than the count are cut to it", () => {
  const frame = frameOf(5, { count: 2, size: Float64Array.of(1, 2, 3, 4, 5) });
  assert.equal(decodeMessage(encodeFrame(frame)), copyFrame(frame));
});

test("decoded columns stay when the bytes are used again", () => {
  const frame = frameOf(3);
  const bytes = encodeFrame(frame);
  const decoded = decodeMessage(bytes);
  bytes.fill(0);
  assert.equal(decoded, frame);
});

test("the largest frame fits its limit", () => {
  const name = "n".repeat(128);
  const largest = frameOf(MAX_FRAME_SAMPLES, { group: name, source: name, sequence: 2 ** 53 - 1 });
  const bytes = encodeFrame({ ...largest, size: largest.value });
  assert.ok(bytes.length <= MAX_FRAME_BYTES, `${bytes.length}`);
  assert.is((decodeMessage(bytes) as Frame).count, MAX_FRAME_SAMPLES);
});

test("values that are not finite are refused by their index, written and read", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const value = Float64Array.of(1, 2, bad, 4);
    refuses(
      () => encodeFrame(frameOf(4, { value })),
      MalformedMessage,
      /Cannot encode frame: value\[2\] is (NaN|-?Infinity); expected a finite/,
    );
    refuses(() => encodeFrame(frameOf(4, { size: value })), MalformedMessage, /size\[2\]/);
    const bytes = encodeFrame(frameOf(4));
    const view = new DataView(bytes.buffer);
    view.setFloat64(bytes.length - 16, bad, true);
    refuses(() => decodeMessage(bytes), MalformedMessage, /Cannot decode frame: value\[2\] is/);
    refuses(() => decodeFrameInto(bytes, createScratchFrame()), MalformedMessage, /value\[2\] is/);
  }
});

test("samples over the limits are refused with the limit", () => {
  refuses(
    () => encodeFrame(frameOf(MAX_FRAME_SAMPLES + 1)),
    MalformedMessage,
    /2049 samples; expected 1 to MAX_FRAME_SAMPLES/,
  );
  refuses(() => encodeFrame(frameOf(1, { count: 0 })), MalformedMessage, /0 samples/);
  refuses(
    () => encodeFrame(frameOf(1, { channel: Uint16Array.of(128) })),
    MalformedMessage,
    /channel\[0\] is 128/,
  );
  refuses(
    () => encodeFrame(frameOf(1, { time: Float64Array.of(0.5) })),
    MalformedMessage,
    /time\[0\] is 0.5; expected integer/,
  );
  refuses(
    () => encodeFrame(frameOf(2, { time: Float64Array.of(0, MAX_FRAME_SPAN_US + 1) })),
    MalformedMessage,
    /MAX_FRAME_SPAN_US/,
  );
  refuses(() => encodeFrame(frameOf(1, { group: "" })), MalformedMessage, /name ""/);
  refuses(() => encodeFrame(frameOf(1, { source: "ü".repeat(65) })), MalformedMessage, /MAX_NAME_BYTES/);
});

test("a frame whose columns disagree is refused with their counts", () => {
  const body = frameToBody(frameOf(3));
  const send = (change: object) => encode([1, MESSAGES.frame.code, { ...body, ...change }]);
  refuses(
    () => decodeMessage(send({ dt: new Uint8Array(8) })),
    MalformedMessage,
    /columns of 2 times, 3 channels, 3 values, no sizes/,
  );
  refuses(
    () => decodeMessage(send({ channel: new Uint8Array(8) })),
    MalformedMessage,
    /columns of 3 times, 4 channels/,
  );
  refuses(() => decodeMessage(send({ size: new Uint8Array(8) })), MalformedMessage, /1 sizes/);
  refuses(() => decodeMessage(send({ value: new Uint8Array(23) })), MalformedMessage, /whole float64/);
  refuses(
    () => decodeMessage(send({ channel: Uint8Array.of(0, 0, 128, 0, 0, 0) })),
    MalformedMessage,
    /channel\[1\] is 128/,
  );
  refuses(
    () => decodeMessage(send({ t0: 2 ** 53 - 2, dt: Uint8Array.of(0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0) })),
    MalformedMessage,
    /time\[1\]/,
  );
  refuses(() => decodeMessage(send({ t0: 0.5 })), MalformedMessage, /t0 is 0.5/);
  refuses(
    () =>
      decodeMessage(send({ value: new Uint8Array(0), dt: new Uint8Array(0), channel: new Uint8Array(0) })),
    LimitExceeded,
    /0 samples/,
  );
});

test("a name that is no text, is too long or ends after the bytes is refused, whoever reads it", () => {
  const good = encodeFrame(frameOf(1, { group: "g".repeat(40) }));
  const groupAt = good.indexOf(0xd9);
  assert.equal([...good.subarray(groupAt, groupAt + 3)], [0xd9, 40, 0x67]);
  for (const [at, byte] of [
    [groupAt, 0xc4],
    [groupAt, 0xcc],
    [groupAt + 1, 0],
    [groupAt + 1, 129],
    [groupAt + 1, 255],
  ] as const) {
    const bad = good.slice();
    bad[at] = byte;
    refuses(() => decodeMessage(bad), MalformedMessage, /Cannot decode/);
    refuses(() => decodeFrameInto(bad, createScratchFrame()), MalformedMessage, /Cannot decode/);
  }
});

test("a frame that lacks a column is refused, for every number of samples and every place of the column", () => {
  for (let samples = 1; samples <= 60; samples++) {
    for (let letters = 1; letters <= 8; letters++) {
      const fields = Object.entries(frameToBody(frameOf(samples, { group: "g".repeat(letters) })));
      for (const column of ["dt", "channel"]) {
        const parts = fields.flatMap(([key, own]) => [encode(key), ...(key === column ? [] : [encode(own)])]);
        const head = [0x93, 1, MESSAGES.frame.code, 0x80 + fields.length];
        const bytes = Uint8Array.of(...head, ...parts.flatMap((part) => [...part]));
        refuses(() => decodeMessage(bytes), ProtocolError, /Cannot decode/);
      }
    }
  }
});

test("a frame that lacks the value of a field, or has a value of another type, is refused, whoever reads it", () => {
  const fields = Object.entries(frameToBody(frameOf(3, { size: Float64Array.of(1, 2, 3) })));
  const framed = (parts: readonly Uint8Array[]) =>
    Uint8Array.of(0x93, 1, MESSAGES.frame.code, 0x80 + fields.length, ...parts.flatMap((part) => [...part]));
  const replaced = (name: string, value: readonly Uint8Array[]) =>
    framed(fields.flatMap(([key, own]) => [encode(key), ...(key === name ? value : [encode(own)])]));
  assert.equal(replaced("", []), encodeFrame(decodeMessage(replaced("", [])) as Frame));
  for (const [name] of fields) {
    for (const value of [[], ...["", null, true, 0.5, "x".repeat(129), [1]].map((bad) => [encode(bad)])]) {
      const bad = replaced(name, value);
      refuses(() => decodeMessage(bad), ProtocolError, /Cannot decode/);
      refuses(() => decodeFrameInto(bad, createScratchFrame()), ProtocolError, /Cannot decode/);
    }
  }
});

test("frameFault finds what encoding would refuse", () => {
  assert.is(frameFault(frameOf(4)), null);
  assert.ok(frameFault(frameOf(2, { time: Float64Array.of(MAX_FRAME_SPAN_US + 1, 0) })));
  assert.ok(frameFault(frameOf(1, { value: Float64Array.of(Number.NaN) })));
});

test("frame builder gathers samples up to its capacity", () => {
  const builder = new FrameBuilder("g", "s", 3);
  for (let k = 0; k < 3; k++) {
    assert.not(builder.full);
    builder.add(T0 + k, k, k * 1.5);
  }
  assert.ok(builder.full);
  assert.throws(() => builder.add(T0, 0, 0), /take\(\) first/);
  const frame = builder.take(4);
  assert.equal(copyFrame(frame), {
    type: "frame",
    group: "g",
    source: "s",
    sequence: 4,
    count: 3,
    time: Float64Array.of(T0, T0 + 1, T0 + 2),
    channel: Uint16Array.of(0, 1, 2),
    value: Float64Array.of(0, 1.5, 3),
    size: null,
  });
  assert.is(builder.count, 0);
});

test("frame builder begins a new frame when times lie too far apart, and loses nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: -3 * MAX_FRAME_SPAN_US, max: 3 * MAX_FRAME_SPAN_US }), { maxLength: 40 }),
      (capacity, times) => {
        const builder = new FrameBuilder("g", "s", capacity);
        const got: number[] = [];
        const drain = () => {
          const frame = builder.take();
          if (frame.count > 0) assert.is(frameFault(frame), null);
          got.push(...frame.time.subarray(0, frame.count));
        };
        for (const time of times) {
          builder.add(time, 0, 1);
          while (builder.full) drain();
        }
        drain();
        assert.equal(got, times);
      },
    ),
  );
});

test("frame builder has a size column when a sample has a size, 0 for the others", () => {
  const builder = new FrameBuilder("g", "s", 2);
  builder.add(T0, 0, 1);
  builder.add(T0, 0, 2, 9);
  assert.equal(builder.take().size?.slice(0, 2), Float64Array.of(0, 9));
  builder.add(T0, 0, 3);
  assert.is(builder.take().size, null);
});

test("a Node Buffer is read like any bytes", () => {
  const frame = frameOf(2);
  const bytes = encodeMessage(frame);
  const buffer = Buffer.from(bytes);
  const decoded = decodeMessage(buffer);
  buffer.fill(0);
  assert.equal(decoded, frame);
  assert.equal(decodeMessage(bytes), frame);
});

test.run();
