// runtime: either
// slow
/** `verify`: any changed byte is named, and what checksums cannot show a seal does. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { realDisk } from "../../actors/journal/disk.ts";
import { bodyCrc, RECORD } from "../../actors/journal/record.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { SegmentScanner } from "../../actors/journal/scanner.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import { runVerify, type VerifyReport, verifyRecording } from "../../sim/recordings/seal/command.ts";
import { runKeygen } from "../../sim/recordings/seal/keygen-command.ts";
import { generateKeys, readPublicKey, readSecretKey } from "../../sim/recordings/seal/signing-keys.ts";
import { run } from "../support/program-run.ts";
import { record, temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";

const WALK = "walk?channels=4&rate=max&frame=16&seed=3&duration=2s";
const folder = temporaryDirectory();
const keys = generateKeys("ed25519");
const secret = readSecretKey(keys.secret)!;
const publicKey = readPublicKey(keys.public)!;

/** Several small segments with indexes and snapshots, sealed; and the same without the seal. */
const sealed = join(folder, "sealed");
const bare = join(folder, "bare");
/** Without the seal, and with what retention left. */
const retained = join(folder, "retained");
let made: { inputs: number; events: number };

test.before(async () => {
  const whole = await record({ definitions: TOYS, feeds: [WALK] });
  made = whole;
  await inSmallSegments(whole.directory, bare);
  await inSmallSegments(whole.directory, retained, 150_000);
  cpSync(bare, sealed, { recursive: true });
  const report = await verifyRecording(sealed, { secrets: [secret] });
  assert.equal(report.findings, []);
});

test("a whole recording holds, and the report counts what is in it", async () => {
  const report = await verifyRecording(bare);
  assert.equal(report.findings, []);
  assert.equal([report.inputs, report.events], [made.inputs, made.events]);
  assert.ok(report.stateHashes > 0 && report.snapshots > 0);
  const kinds = new Set(readdirSync(bare).map((name) => name.slice(name.lastIndexOf("."))));
  assert.equal([...kinds].sort(), [".idx", ".seg", ".snap"]);
});

test("a changed byte in any file is named with its file and place, by the checksums alone", async () => {
  await anyChangedByteIsNamed(bare);
});

test("[L1] a changed byte in any file of a sealed recording is named, the seal's own bytes too", async () => {
  await anyChangedByteIsNamed(sealed);
});

test("[L1] a changed event whose checksum was mended passes for whole without a seal, and is named with one", async () => {
  for (const [original, holds] of [
    [bare, true],
    [sealed, false],
  ] as const) {
    const changed = copyOf(original);
    const { file, offset } = await forgeEvent(changed);
    const { findings } = await verifyRecording(changed);
    assert.is(findings.length === 0, holds, JSON.stringify(findings));
    if (!holds) assert.ok(names(findings, file, offset), JSON.stringify(findings));
  }
});

test("[L2] a recording that goes on keeps its seal for what was sealed", async () => {
  const { directory } = await record({ definitions: TOYS, feeds: [WALK] });
  await verifyRecording(directory, { secrets: [secret] });
  const before = await verifyRecording(directory, { requiredKey: publicKey });
  assert.equal([before.findings.length, before.seal!.blocksSince], [0, 0]);
  await record({
    definitions: TOYS,
    feeds: ["walk?channels=4&rate=max&frame=16&seed=3&duration=3s"],
    directory,
  });
  const after = await verifyRecording(directory, { requiredKey: publicKey });
  assert.equal(after.findings, []);
  assert.ok(after.seal!.blocksSince > 0);
  assert.is(after.seal!.lastBlock, before.lastBlock);

  const path = join(directory, "0000000001.seg");
  const bytes = readFileSync(path);
  bytes[100]! ^= 1;
  writeFileSync(path, bytes);
  assert.ok(names((await verifyRecording(directory)).findings, "0000000001.seg", 100));
});

test("a file that was removed, added or made longer after sealing is named", async () => {
  const longer = copyOf(bare);
  writeFileSync(join(longer, "note.txt"), "mine");
  await verifyRecording(longer, { secrets: [secret] });
  assert.is(texts(await verifyRecording(longer)), "");
  writeFileSync(join(longer, "note.txt"), "mine, too");
  assert.ok(names((await verifyRecording(longer)).findings, "note.txt", 4));
  const removed = copyOf(sealed);
  const snapshot = readdirSync(removed).find((name) => name.endsWith(".snap"))!;
  rmSync(join(removed, snapshot));
  assert.ok((await verifyRecording(removed)).findings.some(({ file }) => file === snapshot));
  // A snapshot that holds, of a block that was sealed: `replay` would begin with it.
  const later = copyOf(bare);
  rmSync(join(later, snapshot));
  await verifyRecording(later, { secrets: [secret] });
  cpSync(join(bare, snapshot), join(later, snapshot));
  assert.ok((await verifyRecording(later)).findings.some(({ file }) => file === snapshot));
  const added = copyOf(sealed);
  writeFileSync(join(added, "note.txt"), "mine");
  assert.ok((await verifyRecording(added)).findings.some(({ file }) => file === "note.txt"));
});

test("an index or a snapshot that was deleted is named without a seal, and a made index is enough", async () => {
  const place = copyOf(bare);
  const [index] = readdirSync(place).filter((name) => name.endsWith(".idx"));
  const snapshots = readdirSync(place).filter((name) => name.endsWith(".snap"));
  for (const name of [index!, ...snapshots]) {
    cpSync(join(place, name), join(folder, "moved"));
    rmSync(join(place, name));
    const { findings } = await verifyRecording(place);
    assert.equal(
      findings.map(({ file }) => file),
      [name],
    );
    assert.match(findings[0]!.reason, "it is not there");
    cpSync(join(folder, "moved"), join(place, name));
  }
  rmSync(join(place, index!));
  await (await openRecordingForWriting(place)).close();
  assert.is(texts(await verifyRecording(place)), "");
});

test("snapshots that were given up so that fewer are kept are not missed", async () => {
  const source = await openRecording(bare);
  const place = join(folder, "thinned");
  const target = await openRecordingForWriting(place, { partition: "p0", keepSnapshots: 2 });
  const inputs: { block: number; timeUs: number; sequence: number }[] = [];
  for await (const entry of source.read()) {
    if (entry.kind !== "block") continue;
    const { number, timeUs, lastSequence } = entry.block;
    await target.append(entry.block);
    inputs.push({ block: number, timeUs, sequence: lastSequence });
  }
  for (const { block, timeUs, sequence } of inputs.slice(0, 4))
    await target.saveSnapshot(block, timeUs, sequence, new Uint8Array(9));
  await target.close();
  await source.close();
  assert.is(readdirSync(place).filter((name) => name.endsWith(".snap")).length, 2);
  assert.is(texts(await verifyRecording(place)), "");
});

test("a beginning that retention removed holds, and the report says so", async () => {
  const report = await verifyRecording(retained);
  assert.equal(report.findings, []);
  assert.ok(report.firstBlock > 1);
  assert.is(report.beginning, "noted");
  assert.is((await verifyRecording(bare)).beginning, "first");
  const { stdout } = await run(["verify", retained]);
  assert.match(stdout, `blocks 1 to ${report.firstBlock - 1} are no part of it: the log says that retention`);
});

test("a beginning that somebody deleted is named, also where retention removed some of it", async () => {
  const whole = copyOf(bare);
  const [, second] = segmentsOf(whole);
  rmSync(join(whole, segmentsOf(whole)[0]!));
  const last = Number.parseInt(second!, 10) - 1;
  assert.match(
    texts(await verifyRecording(whole)),
    `blocks 1 to ${last} are missing before it: the log says that nothing`,
  );

  const rest = copyOf(retained);
  const [oldest] = segmentsOf(rest);
  rmSync(join(rest, oldest!));
  const { findings, beginning } = await verifyRecording(rest);
  const given = Number.parseInt(oldest!, 10) - 1;
  assert.match(
    findings[0]!.reason,
    `missing before it: the log says that only those up to ${given} were given up`,
  );
  assert.is(beginning, "unknown");
});

test("a recording of a program that made no note of its beginning holds without it, and the report says that this is not known", async () => {
  const place = copyOf(bare);
  for (const name of segmentsOf(place)) withoutNotes(join(place, name));
  rmSync(join(place, segmentsOf(place)[0]!));
  const { findings, beginning } = await verifyRecording(place);
  assert.equal(
    findings.filter(({ file }) => !file.endsWith(".idx")),
    [],
  );
  assert.is(beginning, "unknown");
});

test("a recording that is made without a beginning lacks nothing", async () => {
  const place = join(folder, "later");
  const source = await openRecording(bare);
  const target = await openRecordingForWriting(place, { partition: "p0" });
  for await (const entry of source.read(10)) if (entry.kind === "block") await target.append(entry.block);
  await target.close();
  await source.close();
  const { findings, firstBlock, beginning } = await verifyRecording(place);
  assert.equal([findings, firstBlock, beginning], [[], 10, "noted"]);
});

test("an index that an interrupted retention left is no part of the recording, and does not hinder a seal", async () => {
  const place = copyOf(retained);
  cpSync(join(bare, "0000000001.idx"), join(place, "0000000001.idx"));
  const whole = await verifyRecording(place);
  assert.equal(whole.findings, []);
  assert.ok(whole.firstBlock > 1);
  await verifyRecording(place, { secrets: [secret] });
  assert.is(texts(await verifyRecording(place, { requiredKey: publicKey })), "");
  await (await openRecordingForWriting(place)).close();
  assert.not.ok(existsSync(join(place, "0000000001.idx")));
  assert.is(texts(await verifyRecording(place, { requiredKey: publicKey })), "");
});

test("a expected seal that is missing, or by another key, is a finding", async () => {
  const another = readSecretKey(generateKeys("ed25519").secret)!;
  assert.match(texts(await verifyRecording(bare, { sealRequired: true })), "there is no seal");
  const replaced = copyOf(bare);
  await verifyRecording(replaced, { secrets: [another] });
  assert.is(texts(await verifyRecording(replaced)), "");
  assert.match(
    texts(await verifyRecording(replaced, { requiredKey: publicKey })),
    "no valid signature by key",
  );
});

test("signatures of two keys stand side by side, and a damaged recording is not sealed", async () => {
  const both = copyOf(sealed);
  const quantum = readSecretKey(generateKeys("ml-dsa-65").secret)!;
  await verifyRecording(both, { secrets: [quantum] });
  const report = await verifyRecording(both, { requiredKey: publicKey });
  assert.equal(report.findings, []);
  assert.equal(
    report.seal!.signatures.map(({ algorithm, valid }) => [algorithm, valid]),
    [
      ["ed25519", true],
      ["ml-dsa-65", true],
    ],
  );
  const damaged = copyOf(bare);
  const path = join(damaged, "0000000001.seg");
  const bytes = readFileSync(path);
  bytes[1000]! ^= 1;
  writeFileSync(path, bytes);
  await refuses(() => verifyRecording(damaged, { secrets: [secret] }), 1, /Cannot seal .*0000000001\.seg/);
  assert.not.ok(readdirSync(damaged).includes("seal.json"));
});

test("a seal of a newer format and a segment of a newer version are refused by name", async () => {
  const newerSeal = copyOf(sealed);
  const text = readFileSync(join(newerSeal, "seal.json"), "utf8");
  writeFileSync(join(newerSeal, "seal.json"), text.replace('"format": 1', '"format": 2'));
  await refuses(() => verifyRecording(newerSeal), 2, /the seal has format 2; expected 1/);
  const newerSegment = copyOf(bare);
  const path = join(newerSegment, "0000000001.seg");
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint16(16, 2, true);
  view.setUint32(12, bodyCrc(bytes, 16, view.getUint32(8, true), 0), true);
  writeFileSync(path, bytes);
  await refuses(() => verifyRecording(newerSegment), 2, /0000000001\.seg: its format has version 2/);
});

test("a folder that does not exist, and a file in its place, are refused as what they are", async () => {
  const missing = join(folder, "missing");
  await refuses(
    () => verifyRecording(missing),
    2,
    new RegExp(`^Cannot read recording ${missing}: there is no such folder$`),
  );
  writeFileSync(missing, "");
  await refuses(() => verifyRecording(missing), 2, /it is a file; expected a folder with segment files$/);
});

test("a segment of which nothing is left is named", async () => {
  const emptied = join(folder, "emptied");
  mkdirSync(emptied);
  writeFileSync(join(emptied, "0000000001.seg"), "");
  const { findings } = await verifyRecording(emptied);
  assert.equal(
    findings.map(({ file, offset }) => [file, offset]),
    [["0000000001.seg", 0]],
  );
});

test("a seal that cannot be read is named", async () => {
  const place = copyOf(bare);
  mkdirSync(join(place, "seal.json"));
  await refuses(() => verifyRecording(place), 2, /^Cannot read .*seal\.json: /);
});

test("a folder within the recording's is no part of it, sealed or not", async () => {
  const place = copyOf(bare);
  mkdirSync(join(place, "mine"));
  await verifyRecording(place, { secrets: [secret] });
  assert.is(texts(await verifyRecording(place, { requiredKey: publicKey })), "");
});

test("verify and its keys work from the command line, and the secret stays in its file", async () => {
  const place = copyOf(bare);
  const key = join(folder, "key");
  const made = await run(["verify", "keygen", "--out", key, "--algorithm", "ml-dsa-65"]);
  assert.is(made.code, 0, made.stderr);
  assert.not.ok(made.stdout.includes(readFileSync(`${key}.key`, "utf8").split("\n")[1]!));
  assert.is(statSync(`${key}.key`).mode & 0o777, 0o600);
  const sealed = await run(["verify", place, "--sign", `${key}.key`, "--check", `${key}.pub`]);
  assert.is(sealed.code, 0, sealed.stdout);
  assert.match(sealed.stdout, "sealed by ml-dsa-65 key");
  const wrong = { sign: [], check: `${key}.key` };
  await refuses(() => runVerify(place, wrong), 2, /it holds no public key; expected a file NAME\.pub/);
});

test("keys are not written where only one of them can be", async () => {
  const out = join(folder, "nowhere", "key");
  await refuses(() => runKeygen({ out, algorithm: "ed25519" }), 2, /Cannot write a key to .*nowhere/);
  const half = join(folder, "half");
  // A link to nothing is not there, and cannot be made anew.
  symlinkSync(join(folder, "nowhere", "pub"), `${half}.pub`);
  await refuses(() => runKeygen({ out: half, algorithm: "ed25519" }), 2, /Cannot write a key to .*half\.pub/);
  assert.not.ok(existsSync(`${half}.key`));
});

/** Random files and offsets; what is found must cover the byte. */
async function anyChangedByteIsNamed(directory: string): Promise<void> {
  const copy = copyOf(directory);
  const files = readdirSync(copy).sort();
  const place = fc.record({
    file: fc.constantFrom(...files),
    // Headers, where most fields are, as often as the rest.
    at: fc.oneof(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 200 })),
    by: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(place, async ({ file, at, by }) => {
      const path = join(copy, file);
      const bytes = readFileSync(path);
      const offset = Number.isInteger(at) ? Math.min(at, bytes.length - 1) : Math.floor(at * bytes.length);
      bytes[offset]! ^= by;
      writeFileSync(path, bytes);
      const findings = await verifyRecording(copy).then(
        (report) => report.findings,
        // A number of a version or format that is read as a newer one: reported with the file's name.
        (error: Error) => [
          { file: error.message.includes(file) ? file : "", offset: 0, length: bytes.length, reason: "" },
        ],
      );
      bytes[offset]! ^= by;
      writeFileSync(path, bytes);
      assert.ok(names(findings, file, offset), `${file} byte ${offset}: ${JSON.stringify(findings)}`);
    }),
    { numRuns: 60 },
  );
}

function names(findings: VerifyReport["findings"], file: string, at: number): boolean {
  return findings.some(
    (finding) =>
      finding.file === file &&
      (finding.length === 0 || (at >= finding.offset && at < finding.offset + finding.length)),
  );
}

function texts({ findings }: VerifyReport): string {
  return findings.map(({ reason }) => reason).join("; ");
}

/** Changes a letter of an event's title and mends the record's checksum, as somebody would who knows the format. */
async function forgeEvent(directory: string): Promise<{ file: string; offset: number }> {
  for (const file of readdirSync(directory).filter((name) => name.endsWith(".seg"))) {
    const path = join(directory, file);
    const bytes = readFileSync(path);
    const first = Number(file.slice(0, -4));
    const handle = await realDisk.open(path, "read");
    const scanner = new SegmentScanner(
      handle,
      new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true),
      bytes.length,
      first,
    );
    try {
      for (let step = scanner.step(); step !== "end"; step = scanner.step()) {
        if (step === "more") await scanner.fill();
        if (step !== "record" || scanner.type !== RECORD.derived) continue;
        const body = scanner.offset + 8;
        const end = body + bytes.readUInt32LE(scanner.offset);
        const offset = bytes.indexOf("the sum passed", body);
        if (offset < 0 || offset > end) continue;
        bytes[offset] = "T".charCodeAt(0);
        bytes.writeUInt32LE(bodyCrc(bytes, body, end, first), scanner.offset + 4);
        writeFileSync(path, bytes);
        return { file, offset };
      }
    } finally {
      await handle.close();
    }
  }
  throw new Error("no event to forge");
}

async function inSmallSegments(from: string, to: string, retainBytes = Infinity): Promise<void> {
  const source = await openRecording(from);
  const target = await openRecordingForWriting(to, { partition: "p0", segmentBytes: 20_000, retainBytes });
  for await (const entry of source.read()) {
    if (entry.kind === "block") await target.append(entry.block);
    else if (entry.kind !== "damage") target.appendDerived(entry);
  }
  for (const { block } of source.snapshots) {
    const stored = (await source.loadSnapshot({ block }))!;
    await target.saveSnapshot(stored.block, stored.timeUs, stored.sequence, stored.bytes);
  }
  await target.close();
  await source.close();
}

/** Names of the segments, oldest first. */
function segmentsOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".seg"))
    .sort();
}

/** Makes a segment one of a program that did not note what retention removes. */
function withoutNotes(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt16LE(0, 18);
  bytes.writeUInt32LE(crc32(bytes.subarray(16, bytes.readUInt32LE(8))), 12);
  writeFileSync(path, bytes);
}

let copies = 0;

function copyOf(directory: string): string {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(directory, copy, { recursive: true });
  return copy;
}

async function refuses(act: () => Promise<unknown>, exitCode: number, message: RegExp): Promise<void> {
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

test.run();
