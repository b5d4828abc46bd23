/**
 * A seal: `seal.json` in a recording's folder says what was there when it was sealed, and is signed.
 *
 * L1  Every file of the recording is covered byte by byte, also what the chain of blocks does not hash: headers, notes, indexes, snapshots,
 *     and files of others (not what stands in further folders: further partitions are named, and have seals of their own).
 * L2  What comes after the sealed end is not covered, and leaves the seal valid: new blocks, segments, and snapshots of them.
 * L3  The file has one form only: every byte of it is signed, or is a signature.
 *
 * Digests are SHA-256 of pieces of 4 MiB, so that a changed byte is known within that.
 */
import { existsSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { realDisk, segmentFirstBlock, TEMPORARY_SUFFIX, writeWhole } from "../../../actors/journal/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { digests, PIECE_BYTES } from "./piece-digests.ts";
import { ALGORITHMS, publicKeyOfDer, type SecretKey } from "./signing-keys.ts";
import { isPassing, type Survey } from "./survey.ts";
import type { Finding } from "./survey-files.ts";

export const SEAL_FILE = "seal.json";

const FORMAT = 1;

/** A signature for something else must never pass for one of a seal. */
const DOMAIN = "eigenwatch recording seal\n";

const hex = v.pipe(v.string(), v.regex(/^([0-9a-f]{2})*$/));
const hash = v.pipe(hex, v.length(64));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const contentSchema = v.strictObject({
  format: v.literal(FORMAT),
  partition: v.string(),
  firstBlock: whole,
  lastBlock: whole,
  lastSequence: whole,
  timeUs: whole,
  /** SHA-256 of the last block: by the chain it stands for all of them. */
  lastHash: hash,
  /** Further partitions that the recording had then, each with a seal of its own. Absent: none. */
  others: v.optional(v.array(v.string())),
  files: v.array(v.strictObject({ name: v.string(), bytes: whole, pieces: v.array(hash) })),
});

const sealSchema = v.strictObject({
  content: contentSchema,
  signatures: v.array(v.strictObject({ algorithm: v.picklist(ALGORITHMS), publicKey: hex, signature: hex })),
});

export type Seal = v.InferOutput<typeof sealSchema>;
type SealContent = Seal["content"];

/** Signs what is there. A seal of the same content keeps its signatures, another is replaced. */
export async function sealRecording(
  directory: string,
  survey: Survey,
  keys: readonly SecretKey[],
  otherPartitions: readonly string[] = [],
): Promise<Seal> {
  const content = await contentOf(directory, survey, otherPartitions);
  const before = await readSeal(directory);
  const kept = before !== null && sameContent(before.content, content) ? before.signatures : [];
  const message = signedBytes(content);
  const added = keys.map((key) => ({
    algorithm: key.public.algorithm,
    publicKey: Buffer.from(key.public.der).toString("hex"),
    signature: Buffer.from(key.sign(message)).toString("hex"),
  }));
  const others = kept.filter(({ publicKey }) => added.every((each) => each.publicKey !== publicKey));
  const seal = { content, signatures: [...others, ...added] };
  const bytes = new TextEncoder().encode(textOf(seal));
  await writeWhole(realDisk, directory, SEAL_FILE, bytes, true).catch(async (error: Error) => {
    await rm(join(directory, `${SEAL_FILE}${TEMPORARY_SUFFIX}`), { force: true });
    throw new EigenwatchError({ action: `seal ${directory}`, value: error.message, kind: "failed" });
  });
  return seal;
}

/** Null where there is none, or nothing of it can be understood; `finding` says what is wrong with its bytes. */
export async function readSeal(
  directory: string,
  report: (finding: Finding) => void = () => {},
): Promise<Seal | null> {
  const path = join(directory, SEAL_FILE);
  if (!existsSync(path)) return null;
  const bytes = await readFile(path).catch((error: Error) => {
    throw new EigenwatchError({ action: `read ${path}`, value: error.message, kind: "input" });
  });
  const fault = (reason: string) => report({ file: SEAL_FILE, offset: 0, length: bytes.length, reason });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    fault(`it is no JSON: ${(error as Error).message}`);
    return null;
  }
  const format = (json as { content?: { format?: unknown } } | null)?.content?.format;
  if (typeof format === "number" && format > FORMAT)
    throw new EigenwatchError({
      action: `read ${path}`,
      value: `the seal has format ${format}`,
      expected: String(FORMAT),
      kind: "input",
    });
  const parsed = v.safeParse(sealSchema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    fault(`it is no seal: ${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
    return null;
  }
  const expected = Buffer.from(textOf(parsed.output));
  const offset = expected.findIndex((byte, i) => byte !== bytes[i]);
  if (!expected.equals(bytes))
    report({
      file: SEAL_FILE,
      offset: Math.max(offset, 0),
      length: 1,
      reason: "it is not written as seals are written",
    });
  return parsed.output;
}

export interface SignatureCheck {
  algorithm: string;
  fingerprint: string;
  valid: boolean;
}

export function checkSignatures({ content, signatures }: Seal): SignatureCheck[] {
  const message = signedBytes(content);
  return signatures.map(({ algorithm, publicKey, signature }) => {
    const key = publicKeyOfDer(Buffer.from(publicKey, "hex"));
    const fits = key !== null && key.algorithm === algorithm;
    const valid = fits && key.verify(message, Uint8Array.from(Buffer.from(signature, "hex")));
    return { algorithm, fingerprint: key?.fingerprint ?? "no key", valid };
  });
}

/** Compares the folder with the seal, piece by piece. */
export async function checkContent(directory: string, { content }: Seal, survey: Survey): Promise<Finding[]> {
  const findings: Finding[] = [];
  const newest = content.files.findLast(({ name }) => segmentFirstBlock(name) !== null)?.name;
  for (const { name, bytes, pieces } of content.files) {
    const report = (offset: number, length: number, reason: string) =>
      void findings.push({ file: name, offset, length, reason });
    if (!survey.names.includes(name)) {
      report(0, 0, "it was sealed and is not there");
      continue;
    }
    const { size } = await stat(join(directory, name));
    if (size < bytes) report(size, bytes - size, `it was sealed with ${bytes} bytes, and has ${size}`);
    if (size > bytes && name !== newest)
      report(bytes, size - bytes, `it was sealed with ${bytes} bytes, and has ${size}`);
    const found = await digests(join(directory, name), Math.min(bytes, size));
    for (const [k, expected] of pieces.entries()) {
      const offset = k * PIECE_BYTES;
      if (offset < size && found[k] !== expected)
        report(offset, Math.min(PIECE_BYTES, bytes - offset), "it is not as it was sealed");
    }
  }
  for (const name of survey.names) {
    if (content.files.some((file) => file.name === name) || isLater(name, content)) continue;
    findings.push({
      file: name,
      offset: 0,
      length: 0,
      reason: "it was not there when the recording was sealed",
    });
  }
  return findings;
}

/** What a recording that goes on may add. */
function isLater(name: string, { lastBlock }: SealContent): boolean {
  if (name === SEAL_FILE || isPassing(name)) return true;
  const index = /^(\d{10,16})\.idx$/.test(name);
  const segment = segmentFirstBlock(name);
  const snapshot = /^snap-(\d{10,16})\.snap$/.exec(name);
  return (
    index ||
    (segment !== null && segment > lastBlock) ||
    (snapshot !== null && Number(snapshot[1]) > lastBlock)
  );
}

async function contentOf(
  directory: string,
  survey: Survey,
  otherPartitions: readonly string[],
): Promise<SealContent> {
  const { first, last, partition, names, segments } = survey;
  const files: SealContent["files"] = [];
  for (const name of names) {
    const path = join(directory, name);
    if (name === SEAL_FILE || isPassing(name)) continue;
    const info = await stat(path);
    if (!info.isFile()) continue;
    const bytes = segments.find(({ file }) => file === name)?.bytes ?? info.size;
    files.push({ name, bytes, pieces: await digests(path, bytes) });
  }
  return {
    format: FORMAT,
    partition,
    firstBlock: first!.number,
    lastBlock: last!.number,
    lastSequence: last!.lastSequence,
    timeUs: last!.timeUs,
    lastHash: Buffer.from(last!.hash).toString("hex"),
    ...(otherPartitions.length === 0 ? {} : { others: [...otherPartitions] }),
    files,
  };
}

function signedBytes(content: SealContent): Uint8Array {
  return new TextEncoder().encode(DOMAIN + JSON.stringify(content));
}

function sameContent(a: SealContent, b: SealContent): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function textOf(seal: Seal): string {
  return `${JSON.stringify(seal, null, 1)}\n`;
}
