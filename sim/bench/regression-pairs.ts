/**
 * The pairs of `bench regression`: a piece of the hot path and a bare loop over as much data, measured in turns in one process.
 *
 *   own ─ bare ─ own ─ bare … short turns; ratio = least time of own ÷ least time of bare
 *
 * The least of many short turns is the one that nothing disturbed, so the ratio hardly depends on the load of the machine; the bare loops
 * are plain code and no vector instructions, so it depends little on the processor.
 */
import { StateHash } from "../../actors/core/hash.ts";
import { HermitianEigen } from "../../actors/kernels/hermitian-eigen.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { decodeFrameInto, encodeFrame } from "../../protocol/codec.ts";
import { createScratchFrame, type Frame } from "../../protocol/frame.ts";
import { encodeSamples } from "../../protocol/samples.ts";
import { createMomentsCore, newFrame } from "./core.ts";
import { createRows, DETECTORS } from "./detectors.ts";
import { cpuSeconds } from "./measure.ts";
import { createBlock } from "./protocol.ts";
import { walkFrames } from "./samples.ts";
import { keep } from "./turns.ts";

/** CPU time: on a busy machine the compiler of the engine waits as we do. */
const WARM_UP_S = 0.12;
const TURNS = 120;
/** Of own and bare together: short enough to fit between two disturbances. */
const TURN_MS = 1;
/** A ratio beyond the factor is measured again so often: what is slower stays slower. */
const ATTEMPTS = 8;

interface Pair {
  own(): unknown;
  bare(): unknown;
  check?(): void;
}

/** Measured again while it is above `limit`. */
export function measureRatio(name: string, limit: number, leastAttempts = 1): number {
  const pair = PAIRS[name]!();
  const [own, bare] = [timesOf(pair.own), timesOf(pair.bare)];
  let least = { own: Number.POSITIVE_INFINITY, bare: Number.POSITIVE_INFINITY };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    for (let turn = 0; turn < TURNS; turn++)
      least = { own: Math.min(least.own, own()), bare: Math.min(least.bare, bare()) };
    pair.check?.();
    if (attempt >= leastAttempts && least.own / least.bare <= limit) break;
  }
  return least.own / least.bare;
}

/** Warms `act` up; then each call takes half a turn and returns the time of one `act`, ms. */
function timesOf(act: () => unknown): () => number {
  const end = cpuSeconds() + WARM_UP_S;
  let leastMs = Number.POSITIVE_INFINITY;
  while (cpuSeconds() < end) leastMs = Math.min(leastMs, timeMs(act, 8));
  const calls = Math.max(1, Math.round(TURN_MS / 2 / leastMs));
  return () => timeMs(act, calls);
}

/** Processor time: what others take of a busy machine does not count. */
function timeMs(act: () => unknown, calls: number): number {
  const began = cpuSeconds();
  for (let k = 0; k < calls; k++) keep(act());
  return (1_000 * (cpuSeconds() - began)) / calls;
}

const MESSAGES = 256;
const FRAME_SAMPLES = 256;
const HASHED = 8192;

export const PAIRS: Readonly<Record<string, () => Pair>> = {
  "core dispatch ÷ bare loop": () => corePair((frame) => frame),
  "core dispatch of new frames ÷ bare loop": () => corePair(newFrame),
  "encode frame ÷ bare copy": () => {
    const frame = walk();
    return { own: () => encodeFrame(frame), bare: copyOf(encodeFrame(frame).length) };
  },
  "decode frame ÷ bare copy": () => {
    const [bytes, scratch] = [encodeFrame(walk()), createScratchFrame()];
    return { own: () => decodeFrameInto(bytes, scratch), bare: copyOf(bytes.length) };
  },
  "encode samples message ÷ bare copy": () => {
    const bytes = encodeFrame(walk());
    return { own: () => encodeSamples(1_000_000, bytes), bare: copyOf(bytes.length) };
  },
  "build block ÷ bare copy": () => blockPair().build,
  "read block ÷ bare copy": () => blockPair().read,
  "state hash ÷ bare sum": hashPair,
  "eigenvalues n=16 ÷ bare loop": eigenPair,
  ...Object.fromEntries(
    [...Object.keys(DETECTORS), "no detector"].map((name) => [
      `row with ${name} ÷ bare loop`,
      () => rowPair(name),
    ]),
  ),
};

function walk(): Frame {
  return walkFrames(1, FRAME_SAMPLES, 16)[0]!;
}

function corePair(input: (filled: Frame) => Frame): Pair {
  const core = createMomentsCore();
  return { own: () => core.send(MESSAGES, input), bare: loopOf(MESSAGES), check: () => core.check() };
}

function rowPair(detector: string): Pair {
  const rows = createRows(detector in DETECTORS ? [detector] : []);
  return { own: () => rows.next(), bare: loopOf(FRAME_SAMPLES) };
}

function blockPair(): { build: Pair; read: Pair } {
  const { build, bytes } = createBlock(encodeFrame(walkFrames(1, 16, 16)[0]!));
  const bare = copyOf(bytes.length);
  let seen = 0;
  const visit = (_sequence: number, _timeUs: number, input: Uint8Array) => {
    seen += input.length;
  };
  return {
    build: { own: build, bare },
    read: { own: () => (decodeBlock(bytes).forEach(visit), seen), bare },
  };
}

function hashPair(): Pair {
  const values = walkFrames(1, 2048, 16)[0]!.value;
  const hash = new StateHash();
  const many = Float64Array.from({ length: HASHED }, (_, k) => values[k % values.length]!);
  return { own: () => hash.reset().array(many).digest(), bare: sumOf(many) };
}

function eigenPair(): Pair {
  const n = 16;
  const solver = new HermitianEigen(n);
  const [re, im, values] = [new Float64Array(n * n), new Float64Array(n * n), new Float64Array(n)];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      re[i * n + j] = i === j ? 1 : 1 / (1 + i + j);
      im[i * n + j] = i === j ? 0 : Math.sign(j - i) / (2 + i + j);
    }
  return { own: () => solver.eigenvalues(re, im, values), bare: loopOf(n * n * n) };
}

/** The running moments of this many values: the arithmetic that the core's kernel does. */
function loopOf(length: number): () => number {
  const values = Float64Array.from({ length }, (_, k) => k & 15);
  let [mean, variance] = [0, 0];
  return () => {
    for (let k = 0; k < length; k++) {
      const deviation = values[k]! - mean;
      mean += deviation / 128;
      variance += (deviation * deviation - variance) / 128;
    }
    return mean + variance;
  };
}

function sumOf(values: Float64Array): () => number {
  return () => {
    let sum = 0;
    for (let k = 0; k < values.length; k++) sum += values[k]!;
    return sum;
  };
}

/** By a loop: a copy by the library uses the widest instructions of the processor, ours cannot. */
function copyOf(length: number): () => Uint8Array {
  const from = Uint8Array.from({ length }, (_, k) => k & 255);
  const to = new Uint8Array(length);
  return () => {
    for (let k = 0; k < length; k++) to[k] = from[k]!;
    return to;
  };
}
