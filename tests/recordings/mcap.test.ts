// runtime: either
/** `record export` and `record import`: nothing is lost, other tools can read it, and what is no such file is refused whole. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { McapIndexedReader, McapWriter } from "@mcap/core";
import { decode, encode } from "@msgpack/msgpack";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { sha256 } from "../../actors/log/chain.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import { SYSTEM } from "../../actors/system.ts";
import { BlockBuilder, decodeBlock, GENESIS_HASH } from "../../protocol/block.ts";
import { decodeAs, decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import { isInput, MESSAGES } from "../../protocol/messages.ts";
import { exportRecording, importRecording } from "../../sim/recordings/mcap/command.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import { run } from "../support/program-run.ts";
import { type RecordedRun, record, temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";
import { START_S, walkFile } from "../support/walk-table.ts";

const folder = temporaryDirectory();
const recording = join(folder, "recording");
const file = join(folder, "whole.mcap");
let made: RecordedRun;

test.before(async () => {
  const table = walkFile(join(folder, "walk.csv"), 1_600);
  made = await record({ definitions: SYSTEM, feeds: [`file:${table}`], directory: recording });
  await exportRecording(recording, { to: file });
});

test("[X1] an exported and imported recording has the same blocks, notes and snapshots, and replays to the same hash", async () => {
  const back = join(folder, "back");
  const { content } = await importRecording(file, { to: back });
  assert.equal([content.inputs, content.events], [made.inputs, made.events]);
  assert.equal(await contents(back), await contents(recording));
  const journal = await openRecording(back);
  const { finalHash, difference, compared } = await replay(journal, SYSTEM, { verify: true });
  await journal.close();
  assert.equal([finalHash, difference], [made.hash, null]);
  assert.ok(compared.checkpoints > 0);
});

test("export and import work from the command line, and end with 2 where they cannot do what was asked", async () => {
  const to = join(folder, "commanded.mcap");
  const exported = await run(["record", "export", recording, "--to", to]);
  assert.is(exported.code, 0, exported.stderr);
  assert.equal(readFileSync(to), readFileSync(file));
  const none = ["record", "import", join(folder, "walk.csv"), "--to", join(folder, "no")];
  const { code, stderr } = await run(none);
  assert.is(code, 2);
  assert.match(stderr, /eigenwatch: Cannot import .*walk\.csv: it is no whole MCAP file/);
});

test("[X1] a recording whose beginning was removed comes back with the snapshot that it goes on from", async () => {
  const original = await shortened();
  const to = join(folder, "short.mcap");
  const back = join(folder, "short");
  await exportRecording(original.directory, { to });
  await importRecording(to, { to: back });
  const entries = await contents(back);
  assert.equal(entries, await contents(original.directory));
  assert.ok((entries[0] as unknown as { number: number }).number > 1);
});

test("[X1] quantum data, kinds that are not known, and a block that another program wrote come back as they were", async () => {
  const directory = join(folder, "odd");
  const target = await openRecordingForWriting(directory, { partition: "p0", createdFrom: { by: "hand" } });
  const column = new Uint8Array(8 * 4).fill(63);
  const matrix = encodeMessage({
    ...{ type: "densityMatrix", group: "qubit", source: "q", sequence: 1, timeUs: 5_000_000, n: 2 },
    ...{ re: column, im: column },
  });
  const future = encodeMessage({ type: "unknown", version: 1, code: 0x1f, body: encode({ hello: [1, 2] }) });
  const builder = new BlockBuilder({
    ...{ partition: "p0", epoch: 2, number: 1, previousHash: GENESIS_HASH, firstSequence: 1 },
  });
  builder.add(0, future);
  builder.add(5_000_000, matrix);
  const usual = builder.close().bytes;
  await target.append({ ...placeOf(1, 1), hash: sha256(usual), bytes: usual });
  const { inputs, ...fields } = decodeAs("block", usual);
  const odd = encode(
    [
      1,
      MESSAGES.block.code,
      {
        inputs,
        ...fields,
        previousHash: sha256(usual),
        number: 2,
        firstSequence: 3,
        type: undefined,
      },
    ],
    { ignoreUndefined: true },
  );
  await target.append({ ...placeOf(2, 3), hash: sha256(odd), bytes: odd });
  await target.close();

  const to = join(folder, "odd.mcap");
  await exportRecording(directory, { to });
  await importRecording(to, { to: join(folder, "odd-back") });
  const back = await openRecording(join(folder, "odd-back"));
  const blocks: Uint8Array[] = [];
  for await (const entry of back.read()) if (entry.kind === "block") blocks.push(entry.block.bytes);
  assert.equal(back.createdFrom, { by: "hand" });
  await back.close();
  assert.equal(
    blocks.map((bytes) => Buffer.from(bytes)),
    [usual, odd].map((bytes) => Buffer.from(bytes)),
  );
  const reader = await McapIndexedReader.Initialize({ readable: bytesOf(readFileSync(to)) });
  const topics = Array.from(reader.channelsById.values(), ({ topic }) => topic).sort();
  assert.equal(topics, ["/p0/block", "/p0/code-31", "/p0/densityMatrix/qubit"]);
});

test("the file is indexed, has a schema for every channel, and its messages say what the log says", async () => {
  const reader = await McapIndexedReader.Initialize({ readable: bytesOf(readFileSync(file)) });
  const topics = new Map(Array.from(reader.channelsById.values(), (channel) => [channel.id, channel]));
  for (const { messageEncoding, schemaId } of topics.values()) {
    assert.is(messageEncoding, "msgpack");
    const schema = reader.schemasById.get(schemaId)!;
    assert.is(schema.encoding, "jsonschema");
    const text = JSON.parse(new TextDecoder().decode(schema.data)) as { type: string };
    assert.is(text.type, "object");
  }
  let samples = 0;
  let inputs = 0;
  let events = 0;
  let lastNs = 0n;
  let first: number[] = [];
  for await (const { channelId, logTime, data } of reader.readMessages()) {
    assert.ok(logTime >= lastNs, "by time");
    lastNs = logTime;
    const { topic, metadata } = topics.get(channelId)!;
    if (metadata.get("eigenwatch.role") === "input") inputs++;
    if (topic === "/p0/event") events++;
    if (topic !== "/p0/frame/walk") continue;
    const { t0, value } = decode(data) as { t0: number; value: Uint8Array };
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    if (samples === 0) first = [t0, view.getFloat64(0, true)];
    samples += value.length / 8;
  }
  assert.equal([inputs, samples, events], [made.inputs, made.samples, made.events]);
  // The table's first row, as text: what other tools see is what went in.
  const [, row] = readFileSync(join(folder, "walk.csv"), "utf8").split("\n");
  assert.equal(first, [START_S * 1e6, Number(row!.split(",")[1])]);
});

test("messages before the first data stand at its time: the file does not begin in 1970", async () => {
  const reader = await McapIndexedReader.Initialize({ readable: bytesOf(readFileSync(file)) });
  const { messageStartTime } = reader.statistics!;
  assert.ok(messageStartTime >= BigInt(START_S) * 1_000_000_000n, String(messageStartTime));
});

test("an existing file is not overwritten unless asked for, an existing folder never", async () => {
  const to = join(folder, "there.mcap");
  writeFileSync(to, "mine");
  await refuses(() => exportRecording(recording, { to }), /it exists; expected another name, or --overwrite/);
  assert.is(readFileSync(to, "utf8"), "mine");
  await exportRecording(recording, { to, overwrite: true });
  assert.equal(readFileSync(to), readFileSync(file));
  await refuses(
    () => exportRecording(recording, { to: folder, overwrite: true }),
    /expected the name of a file/,
  );
  await refuses(() => importRecording(file, { to: recording }), /expected the name of a new folder/);
});

test("what cannot be imported is named, ends with 2, and leaves nothing behind", async () => {
  const whole = readFileSync(file);
  const cases: [name: string, bytes: Uint8Array, message: RegExp][] = [
    ["text", new TextEncoder().encode("time,a\n1,2\n".repeat(40)), /it is no whole MCAP file/],
    ["empty", new Uint8Array(), /it is no whole MCAP file/],
    ["cut in half", whole.subarray(0, whole.length >> 1), /it is no whole MCAP file/],
    ["cut at the end", whole.subarray(0, whole.length - 5), /it is no whole MCAP file/],
    [
      "of a newer format",
      replaced(whole, "format\u0001\0\0\x001", "format\u0001\0\0\x002"),
      /format 2; expected format 1/,
    ],
    ["of others", await foreign(), /no recording of Eigenwatch/],
    [
      "flipped in a frame",
      flipped(whole, whole.length >> 1),
      /expected the file as `record export` wrote it/,
    ],
  ];
  const place = temporaryDirectory();
  for (const [name, bytes, message] of cases) {
    const path = join(folder, `${name}.mcap`);
    writeFileSync(path, bytes);
    await refuses(() => importRecording(path, { to: join(place, "new") }), message);
    assert.equal(readdirSync(place), [], name);
  }
});

test("[X3] a damaged recording is not exported: the place is named, nothing is written", async () => {
  const damaged = await record({
    definitions: TOYS,
    feeds: ["walk?channels=4&rate=max&frame=64&duration=10s"],
  });
  const segment = join(damaged.directory, "0000000001.seg");
  writeFileSync(segment, flipped(readFileSync(segment), readFileSync(segment).length >> 1));
  const place = temporaryDirectory();
  const to = join(place, "a.mcap");
  await refuses(() => exportRecording(damaged.directory, { to }), /0000000001\.seg at byte \d+/, 1);
  assert.equal(readdirSync(place), []);
});

async function refuses(act: () => Promise<unknown>, message: RegExp, exitCode = 2): Promise<void> {
  try {
    await act();
  } catch (error) {
    assert.instance(error, EigenwatchError);
    assert.is(exitCodeOf((error as EigenwatchError).kind), exitCode);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`it was not refused: ${message}`);
}

/** A whole MCAP file with one message of somebody else's. */
async function foreign(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const writer = new McapWriter({
    writable: {
      write: async (bytes: Uint8Array) => void pieces.push(Uint8Array.from(bytes)),
      position: () => BigInt(pieces.reduce((sum, { length }) => sum + length, 0)),
    },
  });
  await writer.start({ profile: "", library: "another" });
  const channelId = await writer.registerChannel({
    topic: "/p0/block",
    schemaId: 0,
    messageEncoding: "json",
    metadata: new Map(),
  });
  const data = new TextEncoder().encode("{}");
  await writer.addMessage({ channelId, sequence: 0, logTime: 1n, publishTime: 1n, data });
  await writer.end();
  return Buffer.concat(pieces);
}

/** What a reader of the journal sees, and all snapshots. */
async function contents(directory: string): Promise<unknown[]> {
  const journal = await openRecording(directory);
  const seen: unknown[] = [];
  const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  for await (const entry of journal.read()) seen.push(entryText(entry, plain));
  for (const { block } of journal.snapshots) {
    const stored = (await journal.loadSnapshot({ block }))!;
    seen.push({ ...stored, bytes: plain(stored.bytes) });
  }
  seen.push({ partition: journal.partition, createdFrom: journal.createdFrom });
  await journal.close();
  return seen;
}

function entryText(entry: JournalEntry, plain: (bytes: Uint8Array) => string): unknown {
  if (entry.kind === "damage") throw new Error(JSON.stringify(entry));
  if (entry.kind !== "block") return { ...entry, bytes: plain(entry.bytes) };
  decodeBlock(entry.block.bytes).forEach((_sequence, _timeUs, message) => {
    assert.ok(isInput(decodeMessage(message)));
  });
  return { ...entry.block, bytes: plain(entry.block.bytes), hash: plain(entry.block.hash) };
}

/** A recording that retention has cut: blocks from the middle on, and the snapshot before them. */
async function shortened(): Promise<RecordedRun> {
  const whole = await record({
    definitions: TOYS,
    feeds: ["walk?channels=4&rate=max&frame=64&seed=3&duration=100s"],
  });
  const directory = join(temporaryDirectory(), "short");
  const source = await openRecording(whole.directory);
  const target = await openRecordingForWriting(directory, { partition: "p0" });
  const snapshot = source.snapshots[0]!;
  for await (const entry of source.read(snapshot.block + 1)) {
    if (entry.kind === "block") await target.append(entry.block);
    else if (entry.kind !== "damage") target.appendDerived(entry);
  }
  for (const { block } of source.snapshots) {
    const stored = (await source.loadSnapshot({ block }))!;
    await target.saveSnapshot(stored.block, stored.timeUs, stored.sequence, stored.bytes);
  }
  await target.close();
  await source.close();
  return { ...whole, directory };
}

function bytesOf(bytes: Uint8Array) {
  return {
    size: async () => BigInt(bytes.length),
    read: async (offset: bigint, length: bigint) =>
      Uint8Array.from(bytes.subarray(Number(offset), Number(offset + length))),
  };
}

function placeOf(number: number, firstSequence: number) {
  return { number, firstSequence, lastSequence: firstSequence + 1, timeUs: 5_000_000 };
}

/** The bytes with every occurrence of an ASCII text replaced by one of equal length; checksums are not mended. */
function replaced(bytes: Uint8Array, text: string, by: string): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(text, by), "latin1");
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= 0x10;
  return changed;
}

test.run();
