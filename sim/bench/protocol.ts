/**
 * Cost of the codec, compared with plain JSON and with the msgpack library alone on the same frame in the same run.
 *
 * Each figure is the median of ROUNDS rounds. All encodings are compared before any figure is reported.
 */

import { Decoder, Encoder } from "@msgpack/msgpack";
import { BlockBuilder, decodeBlock, GENESIS_HASH } from "../../protocol/block.ts";
import { decodeFrameInto, decodeMessage, encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import { createScratchFrame, type Frame, FrameBuilder } from "../../protocol/frame.ts";
import { bodyToFreshFrame, frameToBody } from "../../protocol/frame-body.ts";
import { MAX_BLOCK_INPUTS } from "../../protocol/limits.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { check, median } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const ROUNDS = 7;
/** Long enough for the clock; all rounds of all rows take a few seconds. */
const ROUND_MS = 25;

export function benchProtocol(): BenchRow[] {
  return [...benchFrame(256, 25e6), ...benchFrame(1, 400e3), ...benchBlock(), ...benchEvent()];
}

function benchFrame(samples: number, target: number): BenchRow[] {
  const frame = walkFrame(samples);
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

  const jsonOut = perSecond(() => JSON.stringify(toPlain(frame))) * samples;
  const jsonIn = perSecond(() => fromPlain(JSON.parse(json) as PlainFrame)) * samples;
  const libraryOut = perSecond(() => library.encode([1, 3, frameToBody(frame)])) * samples;
  const libraryIn =
    perSecond(() => bodyToFreshFrame((libraryDecoder.decode(libraryBytes) as unknown[])[2])) * samples;
  const objectsOut = perSecond(() => library.encode(toObjects(frame))) * samples;
  const objectsIn = perSecond(() => libraryDecoder.decode(perSample)) * samples;
  const out = perSecond(() => encodeFrame(frame)) * samples;
  const read = perSecond(() => decodeMessage(bytes)) * samples;
  const into = perSecond(() => decodeFrameInto(bytes, scratch)) * samples;

  const of = `frame of ${samples}`;
  const unit = "samples/s";
  return [
    {
      name: `encode ${of}`,
      value: out,
      unit,
      target,
      ratioTo: "JSON.stringify",
      ratio: out / jsonOut,
      note: `${bytes.length} bytes`,
    },
    {
      name: `encode ${of}, library alone`,
      value: libraryOut,
      unit,
      ratioTo: "library on columns",
      ratio: out / libraryOut,
    },
    {
      name: `encode ${of}, as objects`,
      value: objectsOut,
      unit,
      ratioTo: "library on an object a sample",
      ratio: out / objectsOut,
    },
    {
      name: `decode ${of}`,
      value: read,
      unit,
      target,
      ratioTo: "JSON.parse",
      ratio: read / jsonIn,
      note: `JSON ${json.length} bytes`,
    },
    {
      name: `decode ${of}, library alone`,
      value: libraryIn,
      unit,
      ratioTo: "library on columns",
      ratio: read / libraryIn,
    },
    {
      name: `decode ${of}, as objects`,
      value: objectsIn,
      unit,
      ratioTo: "library on an object a sample",
      ratio: read / objectsIn,
    },
    {
      name: `decode ${of} into reused columns`,
      value: into,
      unit,
      target,
      ratioTo: "JSON.parse",
      ratio: into / jsonIn,
    },
  ];
}

function benchBlock(): BenchRow[] {
  const message = encodeFrame(walkFrame(1));
  const start = { partition: "p0", epoch: 1, number: 1, previousHash: GENESIS_HASH, firstSequence: 1 };
  const builder = new BlockBuilder(start);
  const build = () => {
    builder.start(start);
    for (let k = 0; k < MAX_BLOCK_INPUTS; k++) builder.add(k, message);
    return builder.close().bytes;
  };
  const bytes = build();
  let seen = 0;
  const visit = (_sequence: number, _timeUs: number, input: Uint8Array) => {
    seen += input.length;
  };
  decodeBlock(bytes).forEach(visit);
  check(seen === MAX_BLOCK_INPUTS * message.length, `all bytes of the inputs, not ${seen}`);
  return [
    {
      name: "build a block of 256 one-sample frames",
      value: perSecond(build) * MAX_BLOCK_INPUTS,
      unit: "inputs/s",
    },
    {
      name: "read a block of 256 one-sample frames",
      value: perSecond(() => decodeBlock(bytes).forEach(visit)) * MAX_BLOCK_INPUTS,
      unit: "inputs/s",
    },
  ];
}

function benchEvent(): BenchRow[] {
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
  const out = perSecond(() => encodeMessage(event));
  const read = perSecond(() => decodeMessage(bytes));
  const jsonOut = perSecond(() => JSON.stringify(event));
  const jsonIn = perSecond(() => JSON.parse(json));
  return [
    {
      name: "encode event, checked",
      value: out,
      unit: "messages/s",
      ratioTo: "JSON.stringify, unchecked",
      ratio: out / jsonOut,
    },
    {
      name: "decode event, checked",
      value: read,
      unit: "messages/s",
      ratioTo: "JSON.parse, unchecked",
      ratio: read / jsonIn,
    },
  ];
}

/** Calls a second: the median over rounds of ROUND_MS, after one round that warms up. */
function perSecond(act: () => unknown): number {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    let calls = 0;
    let elapsedMs = 0;
    const startedMs = performance.now();
    while (elapsedMs < ROUND_MS) {
      for (let k = 0; k < 32; k++) kept = act();
      calls += 32;
      elapsedMs = performance.now() - startedMs;
    }
    if (round > 0) rates.push((1000 * calls) / elapsedMs);
  }
  return median(rates);
}

/** The last result: without it the engine could skip the work. */
export let kept: unknown;

function walkFrame(samples: number): Frame {
  const builder = new FrameBuilder("host", "walk#1", samples);
  let value = 100;
  let state = 1;
  for (let k = 0; k < samples; k++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    value += state / 0x1_0000_0000 - 0.5;
    builder.add(1_700_000_000_000_000 + 100 * k, k % 16, value);
  }
  return builder.take(7);
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
