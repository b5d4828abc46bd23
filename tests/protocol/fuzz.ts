/**
 * Mutates good messages and feeds them to every decoder: only a ProtocolError may come out, nothing may hang, nothing may be polluted.
 *
 *     node --import tsx tests/protocol/fuzz.ts --inputs 1000000 [--seed 7]
 *
 * What is decoded must encode, and decode to the same again. Everything is drawn from the seed; a failure prints the rerun line.
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { decode } from "@msgpack/msgpack";
import fc from "fast-check";
import {
  BlockBuilder,
  decodeBlock,
  decodeCheckpoint,
  decodeDerived,
  GENESIS_HASH,
} from "../../protocol/block.ts";
import { decodeFrameInto, decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { readEnvelope } from "../../protocol/envelope.ts";
import { LimitExceeded, MalformedMessage, ProtocolError, UnknownVersion } from "../../protocol/errors.ts";
import { createScratchFrame, type Frame } from "../../protocol/frame.ts";
import { bodyToFreshFrame } from "../../protocol/frame-body.ts";
import { MESSAGES, type Message, type MessageName, nameOfCode } from "../../protocol/messages.ts";
import { MESSAGE } from "./arbitraries.ts";

export interface FuzzCounts {
  inputs: number;
  /** Inputs whose version and code were read as those of a known message. */
  envelope: number;
  decoded: number;
  unknown: number;
  malformed: number;
  limit: number;
  version: number;
}

/** Throws at the first input that breaks a promise, with the line that runs it again. */
export function fuzz(inputs: number, seed: number): FuzzCounts {
  const random = xorshift(seed);
  const corpus = corpusOf(seed);
  const counts: FuzzCounts = {
    inputs,
    envelope: 0,
    decoded: 0,
    unknown: 0,
    malformed: 0,
    limit: 0,
    version: 0,
  };
  for (let k = 0; k < inputs; k++) {
    const bytes = mutate(corpus, random);
    try {
      feed(bytes, counts);
    } catch (error) {
      const rerun = `rerun: node --import tsx tests/protocol/fuzz.ts --seed ${seed} --inputs ${k + 1}`;
      throw new Error(`FAIL seed=${seed} input=${k} bytes=${hex(bytes)}\n${rerun}`, { cause: error });
    }
  }
  const polluted = Object.keys(Object.prototype).length + Object.keys(Array.prototype).length;
  if (polluted > 0) throw new Error(`FAIL seed=${seed} a prototype was polluted`);
  return counts;
}

const scratch = createScratchFrame();

function feed(bytes: Uint8Array, counts: FuzzCounts): void {
  const message = refusedOr(() => decodeMessage(bytes), counts);
  if (isEnvelopeKnown(bytes)) counts.envelope++;
  if (message !== null) {
    if (message.type === "unknown") counts.unknown++;
    else counts.decoded++;
    const again = encodeMessage(message);
    const twice = encodeMessage(decodeMessage(again));
    if (hex(again) !== hex(twice)) throw new Error("a decoded message did not keep its bytes");
    if (message.type === "unknown" && hex(again) !== hex(bytes))
      throw new Error("an unknown message did not keep its bytes");
  }
  const { code } = (isEnvelopeKnown(bytes) && readEnvelope(bytes)) || { code: -1 };
  if (code === MESSAGES.frame.code) {
    const frame = refusedOr(() => decodeFrameInto(bytes, scratch), null);
    if ((frame === null) !== (message === null)) throw new Error("the two frame readers disagree");
    if (message?.type === "frame" && hex(encodeMessage(slowly(bytes))) !== hex(encodeMessage(message))) {
      throw new Error("the fast frame reader and the slow one disagree");
    }
  }
  if (code === MESSAGES.block.code) {
    const block = refusedOr(() => decodeBlock(bytes), null);
    block?.forEach((_sequence, _timeUs, input) => void refusedOr(() => decodeMessage(input), null));
  }
  if (code === MESSAGES.derived.code) refusedOr(() => decodeDerived(bytes), null);
  if (code === MESSAGES.checkpoint.code) refusedOr(() => decodeCheckpoint(bytes), null);
}

/** The frame by the library and the plain form alone. */
function slowly(bytes: Uint8Array): Frame {
  return bodyToFreshFrame(decode(bytes.subarray(readEnvelope(bytes).bodyAt)));
}

function refusedOr<Result>(act: () => Result, counts: FuzzCounts | null): Result | null {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (counts !== null) count(error, counts);
    return null;
  }
}

function count(error: ProtocolError, counts: FuzzCounts): void {
  if (error instanceof LimitExceeded) counts.limit++;
  else if (error instanceof UnknownVersion) counts.version++;
  else if (error instanceof MalformedMessage) counts.malformed++;
  else throw error;
}

function isEnvelopeKnown(bytes: Uint8Array): boolean {
  try {
    const { version, code } = readEnvelope(bytes);
    return version === 1 && nameOfCode(code) !== undefined;
  } catch {
    return false;
  }
}

/** Good messages of every kind, and blocks of them. */
function corpusOf(seed: number): Uint8Array[] {
  const kinds = Object.keys(MESSAGE) as MessageName[];
  const messages = kinds.flatMap((name) =>
    fc.sample(MESSAGE[name] as fc.Arbitrary<Message>, { numRuns: 12, seed }).map(encodeMessage),
  );
  const builder = new BlockBuilder({
    partition: "p",
    epoch: 1,
    number: 1,
    previousHash: GENESIS_HASH,
    firstSequence: 1,
  });
  for (const message of messages.slice(0, 40)) builder.add(1, message);
  return [...messages, builder.close().bytes];
}

type Random = (below: number) => number;

/** Bytes that matter to msgpack: the ends of its ranges, its headers, its longest lengths. */
const TELLING = [
  0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x93, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xca, 0xcb,
  0xcf, 0xd3, 0xd6, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff,
];
const TRAPS = ["__proto__", "constructor", "prototype", "toString", "length"].map((key) =>
  Uint8Array.from([0x81, 0xa0 + key.length, ...Array.from(key, (letter) => letter.charCodeAt(0)), 0x01]),
);

/** One to four changes to a good message; one in sixteen stays as it was. The envelope is mostly left alone, so that bodies are reached. */
function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Uint8Array.from(corpus[random(corpus.length)]!);
  if (random(16) === 0) return bytes;
  const first = random(8) === 0 ? 0 : 3;
  for (let changes = 1 + Math.min(random(4), random(4)); changes > 0; changes--)
    bytes = change(bytes, first, corpus, random);
  return bytes;
}

function change(
  bytes: Uint8Array<ArrayBuffer>,
  first: number,
  corpus: readonly Uint8Array[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const at = Math.min(bytes.length, first + random(Math.max(1, bytes.length - first)));
  switch (random(9)) {
    case 0:
      if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = TELLING[random(TELLING.length)]!;
      return bytes;
    case 2:
      if (at < bytes.length) bytes[at] = random(256);
      return bytes;
    case 3:
      return bytes.slice(0, at);
    case 4:
      return splice(bytes, at, random(6), new Uint8Array(0));
    case 5:
      return splice(
        bytes,
        at,
        0,
        Uint8Array.from({ length: 1 + random(6) }, () => TELLING[random(TELLING.length)]!),
      );
    case 6: {
      const other = corpus[random(corpus.length)]!;
      const start = random(other.length);
      return splice(bytes, at, random(8), other.slice(start, start + random(40)));
    }
    case 7:
      return splice(bytes, at, 0, TRAPS[random(TRAPS.length)]!);
    default:
      return splice(
        bytes,
        at,
        0,
        new Uint8Array(random(64) === 0 ? 40_000 : 20).fill(random(2) === 0 ? 0x91 : 0x81),
      );
  }
}

function splice(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array<ArrayBuffer> {
  const tail = bytes.subarray(Math.min(bytes.length, at + removed));
  const spliced = new Uint8Array(at + added.length + tail.length);
  spliced.set(bytes.subarray(0, at));
  spliced.set(added, at);
  spliced.set(tail, at + added.length);
  return spliced;
}

/** Marsaglia's xorshift32 (2003): small, and the same everywhere. */
function xorshift(seed: number): Random {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (let k = 0; k < bytes.length; k++) text += (bytes[k]! + 0x100).toString(16).slice(1);
  return text;
}

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const startedMs = performance.now();
  const counts = fuzz(option("--inputs", 1_000_000), option("--seed", 1));
  console.log(
    JSON.stringify({
      ...counts,
      envelopeShare: counts.envelope / counts.inputs,
      seconds: (performance.now() - startedMs) / 1000,
    }),
  );
}
