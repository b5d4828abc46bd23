/**
 * Cost of the codec, compared with plain JSON and with the msgpack library alone on the same frame in the same run.
 *
 * All encodings are compared before any figure is reported.
 */

import { Decoder, Encoder } from "@msgpack/msgpack";
import { BlockBuilder, decodeBlock, GENESIS_HASH } from "../../protocol/block.ts";
import { decodeFrameInto, decodeMessage, encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import { createScratchFrame, type Frame } from "../../protocol/frame.ts";
import { bodyToFreshFrame, frameToBody } from "../../protocol/frame-body.ts";
import { MAX_BLOCK_INPUTS } from "../../protocol/limits.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { check } from "./measure.ts";
import { type BenchRow, compared } from "./row.ts";
import { walkFrames } from "./samples.ts";
import { inTurns, perSecond } from "./turns.ts";

export async function benchProtocol(): Promise<BenchRow[]> {
  return [
    ...(await benchFrame(256, 25e6)),
    ...(await benchFrame(1, 400e3)),
    ...(await benchBlock()),
    ...(await benchEvent()),
  ];
}

async function benchFrame(samples: number, atLeast: number): Promise<BenchRow[]> {
  const frame = walk(samples);
  const bytes = encodeFrame(frame);
  const json = JSON.stringify(toPlain(frame));
  const library = new Encoder();
  const libraryDecoder = new Decoder();
  const libraryBytes = library.encode([1, 3, frameToBody(frame)]);
  const perSample = library.encode(toObjects(frame));
  const scratch = createScratchFrame();
  same(bytes, libraryBytes, "bytes of a frame from codec and library");
  same(encodeMessage(decodeMessage(bytes)), bytes, "bytes of a frame decoded and encoded again");
  same(
    encodeMessage(decodeFrameInto(bytes, scratch)),
    bytes,
    "bytes of a frame decoded into reused columns and encoded again",
  );
  const turn = (act: () => unknown) => perSecond(act, samples);
  const encoded = await inTurns({
    own: turn(() => encodeFrame(frame)),
    "JSON.stringify": turn(() => JSON.stringify(toPlain(frame))),
    "library on columns": turn(() => library.encode([1, 3, frameToBody(frame)])),
    "library on an object a sample": turn(() => library.encode(toObjects(frame))),
  });
  const decoded = await inTurns({
    own: turn(() => decodeMessage(bytes)),
    into: turn(() => decodeFrameInto(bytes, scratch)),
    "JSON.parse": turn(() => fromPlain(JSON.parse(json) as PlainFrame)),
    "library on columns": turn(() => bodyToFreshFrame((libraryDecoder.decode(libraryBytes) as unknown[])[2])),
    "library on an object a sample": turn(() => libraryDecoder.decode(perSample)),
  });
  const of = `frame of ${samples}`;
  const unit = "samples/s";
  const { own: encode, ...encoders } = encoded;
  const { own: decode, into, ...decoders } = decoded;
  const note = `${bytes.length} bytes; JSON ${json.length}`;
  return [
    compared({ name: `encode ${of}`, unit, runs: encode, note }, encoders, { atLeast }),
    compared({ name: `decode ${of}`, unit, runs: decode, note }, decoders, { atLeast }),
    compared({ name: `decode ${of} into reused columns`, unit, runs: into }, decoders, { atLeast }),
  ];
}

async function benchBlock(): Promise<BenchRow[]> {
  const { message, build, bytes } = createBlock(encodeFrame(walk(1)));
  let seen = 0;
  const visit = (_sequence: number, _timeUs: number, input: Uint8Array) => {
    seen += input.length;
  };
  decodeBlock(bytes).forEach(visit);
  check(seen === MAX_BLOCK_INPUTS * message.length, "all bytes of the inputs", `${seen} bytes`);
  const turn = (act: () => unknown) => perSecond(act, MAX_BLOCK_INPUTS);
  const { building, reading, copying } = await inTurns({
    building: turn(build),
    reading: turn(() => decodeBlock(bytes).forEach(visit)),
    copying: turn(() => bytes.slice()),
  });
  const peers = { "a copy of its bytes": copying };
  const unit = "inputs/s";
  return [
    compared({ name: "build a block of 256 one-sample frames", unit, runs: building }, peers),
    compared({ name: "read a block of 256 one-sample frames", unit, runs: reading }, peers),
  ];
}

/** A block of as many inputs as it may hold, all the same message. */
export function createBlock(message: Uint8Array): {
  message: Uint8Array;
  build: () => Uint8Array;
  bytes: Uint8Array;
} {
  const start = { partition: "p0", epoch: 1, number: 1, previousHash: GENESIS_HASH, firstSequence: 1 };
  const builder = new BlockBuilder(start);
  const build = () => {
    builder.start(start);
    for (let k = 0; k < MAX_BLOCK_INPUTS; k++) builder.add(k, message);
    return builder.close().bytes;
  };
  return { message, build, bytes: build() };
}

async function benchEvent(): Promise<BenchRow[]> {
  const event: EventMessage = {
    type: "event",
    sequence: 12,
    id: "p0/345/0",
    timeUs: 1_700_000_000_000_000,
    kind: "collapse.declared",
    severity: "critical",
    actor: "collapse",
    group: "host",
    channels: ["cpu0", "cpu1"],
    title: "host stopped moving together",
    detail: { score: 1234.5, reliable: true },
  };
  const bytes = encodeMessage(event);
  const json = JSON.stringify(event);
  same(encodeMessage(decodeMessage(bytes)), bytes, "bytes of an event decoded and encoded again");
  const { encode, decode, stringify, parse } = await inTurns({
    encode: perSecond(() => encodeMessage(event)),
    decode: perSecond(() => decodeMessage(bytes)),
    stringify: perSecond(() => JSON.stringify(event)),
    parse: perSecond(() => JSON.parse(json)),
  });
  const unit = "messages/s";
  return [
    compared(
      { name: "encode event, checked", unit, runs: encode },
      { "JSON.stringify, unchecked": stringify },
    ),
    compared({ name: "decode event, checked", unit, runs: decode }, { "JSON.parse, unchecked": parse }),
  ];
}

/** A frame of 16 channels from today, with sequence and names as a feed sends them. */
function walk(samples: number): Frame {
  const [frame] = walkFrames(1, samples, 16);
  return { ...frame!, sequence: 7, time: frame!.time.map((time) => 1_700_000_000_000_000 + time) };
}

interface PlainFrame {
  group: string;
  source: string;
  sequence: number;
  time: number[];
  channel: number[];
  value: number[];
}

function toPlain({ group, source, sequence, time, channel, value }: Frame): PlainFrame {
  return {
    group,
    source,
    sequence,
    time: Array.from(time),
    channel: Array.from(channel),
    value: Array.from(value),
  };
}

function fromPlain({ time, channel, value, ...names }: PlainFrame): unknown {
  return {
    ...names,
    time: Float64Array.from(time),
    channel: Uint16Array.from(channel),
    value: Float64Array.from(value),
  };
}

function toObjects({ count, time, channel, value }: Frame): unknown[] {
  return Array.from({ length: count }, (_, k) => ({ time: time[k], channel: channel[k], value: value[k] }));
}

function same(a: Uint8Array, b: Uint8Array, what: string): void {
  check(a.length === b.length && a.every((byte, k) => byte === b[k]), `equal ${what}`);
}
