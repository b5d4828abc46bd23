/** `eigenwatch verify PATH`: whether a recording is whole and as it was sealed. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { texts } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { listRecording, realDisk, segmentFirstBlock } from "../../../actors/journal/mod.ts";
import { type PartitionFolder, recordedPartitions } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { publicKey, secretKey } from "./key-files.ts";
import { keygenCommand } from "./keygen-command.ts";
import { checkContent, checkSignatures, readSeal, SEAL_FILE, type Seal, sealRecording } from "./seal.ts";
import type { PublicKey, SecretKey } from "./signing-keys.ts";
import { type Beginning, type Survey, surveyRecording } from "./survey.ts";
import type { Finding } from "./survey-files.ts";

const command = new Command("verify")
  .description(
    "Checks that a recording is whole: checksums, chain of hashes, indexes, snapshots, and its seal. With --sign, seals it.",
  )
  .argument("<path>", "a recording: the folder given to --record")
  .option("--sign <keyfile>", "seal it with this secret key; may be given again", texts, [])
  .option("--check [pubkey]", "fail without a valid seal; with a public key, without a seal by that key")
  .option("--json", "print the report as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "everything holds", 1: "something does not hold" },
      examples: [
        ["eigenwatch verify recordings/today", "check every byte of a recording"],
        ["eigenwatch verify keygen --out lab", "make lab.key (secret) and lab.pub"],
        ["eigenwatch verify recordings/today --sign lab.key", "seal the recording"],
        ["eigenwatch verify recordings/today --check lab.pub", "check the recording and its seal"],
      ],
    }),
  );

export const verifyCommand = command.addCommand(keygenCommand).action(exitWith(runVerify));

type VerifyOptions = ReturnType<typeof command.opts>;

export interface SealReport {
  firstBlock: number;
  lastBlock: number;
  lastHash: string;
  signatures: { algorithm: string; fingerprint: string; valid: boolean }[];
  /** Blocks after the sealed end. */
  blocksSince: number;
}

export interface VerifyReport {
  recording: string;
  partition: string;
  firstBlock: number;
  /** Why it begins with this block. */
  beginning: Beginning;
  lastBlock: number;
  blocks: number;
  inputs: number;
  events: number;
  stateHashes: number;
  snapshots: number;
  lastHash: string;
  /** A process is writing the recording. */
  written: boolean;
  findings: Finding[];
  seal: SealReport | null;
}

/** 0 when everything holds, 1 when something does not. Each partition is verified, and sealed, by itself. */
export async function runVerify(path: string, options: VerifyOptions): Promise<number> {
  const secrets = await Promise.all(options.sign.map(secretKey));
  const requiredKey = typeof options.check === "string" ? await publicKey(options.check) : null;
  const [own, ...others] = await recordedPartitions(path);
  const verified = async (folder: PartitionFolder, further: readonly PartitionFolder[]) => {
    const report = await verifyRecording(folder.directory, {
      secrets,
      sealRequired: options.check !== undefined,
      requiredKey,
      others: further.map(({ partition }) => partition),
      quiet: options.json === true,
    });
    if (!options.json) printReport(report, secrets.length > 0);
    return report;
  };
  const first = await verified(own, others);
  const rest: VerifyReport[] = [];
  for (const folder of others) rest.push(await verified(folder, []));
  if (options.json) printJson(rest.length === 0 ? first : { ...first, others: rest });
  return [first, ...rest].some(({ findings }) => findings.length > 0) ? 1 : 0;
}

export async function verifyRecording(
  path: string,
  options: {
    secrets?: readonly SecretKey[];
    sealRequired?: boolean;
    requiredKey?: PublicKey | null;
    /** Further partitions that the recording has: its seal names them. */
    others?: readonly string[];
    quiet?: boolean;
  } = {},
): Promise<VerifyReport> {
  const { secrets = [], sealRequired = false, requiredKey = null, others = [], quiet = true } = options;
  const bar = startProgress("verify", await segmentBytes(path), "bytes", quiet);
  try {
    const broken: Finding[] = [];
    const before = await readSeal(path, (finding) => broken.push(finding));
    let sealedHash: string | null = null;
    const survey = await surveyRecording(
      path,
      (bytes) => bar.update(bytes),
      ({ number, hash }) => {
        if (number === before?.content.lastBlock) sealedHash = Buffer.from(hash).toString("hex");
      },
    );
    const { findings } = survey;
    if (secrets.length > 0) refuseToSeal(path, survey);
    const seal = secrets.length > 0 ? await sealRecording(path, survey, secrets, others) : before;
    if (secrets.length === 0) findings.push(...broken, ...notSealedAsMissing(survey, before));
    if (seal !== null && secrets.length === 0) {
      findings.push(...(await checkContent(path, seal, survey)));
      for (const partition of seal.content.others ?? [])
        if (!others.includes(partition))
          findings.push(inSeal(`partition ${partition} was there when the recording was sealed, and is not`));
      if (sealedHash !== seal.content.lastHash)
        findings.push(inSeal(`block ${seal.content.lastBlock} does not have the hash that was sealed`));
    }
    if (seal === null && sealRequired && broken.length === 0) findings.push(inSeal("there is no seal"));
    return reportOf(path, survey, seal, requiredKey);
  } finally {
    bar.stop();
  }
}

/** What is missing of the part that no seal covers: a seal names every file that was there. */
function notSealedAsMissing({ missing }: Survey, seal: Seal | null): Finding[] {
  const sealedTo = seal?.content.lastBlock ?? -1;
  return missing.filter(({ block }) => block > sealedTo).map(({ finding }) => finding);
}

function reportOf(
  path: string,
  survey: Survey,
  seal: Seal | null,
  requiredKey: PublicKey | null,
): VerifyReport {
  const { findings, first, last } = survey;
  const signatures = seal === null ? [] : checkSignatures(seal);
  for (const { algorithm, fingerprint, valid } of signatures)
    if (!valid) findings.push(inSeal(`the ${algorithm} signature by key ${fingerprint} does not hold`));
  if (seal !== null && signatures.length === 0) findings.push(inSeal("it has no signature"));
  if (
    requiredKey !== null &&
    !signatures.some((each) => each.valid && each.fingerprint === requiredKey.fingerprint)
  )
    findings.push(inSeal(`there is no valid signature by key ${requiredKey.fingerprint}`));
  return {
    recording: path,
    partition: survey.partition,
    firstBlock: first?.number ?? 0,
    beginning: survey.beginning,
    lastBlock: last?.number ?? 0,
    blocks: survey.blocks,
    inputs: survey.inputs,
    events: survey.events,
    stateHashes: survey.checkpoints,
    snapshots: survey.snapshots.length,
    lastHash: last === null ? "" : Buffer.from(last.hash).toString("hex"),
    written: survey.written,
    findings,
    seal:
      seal === null
        ? null
        : {
            firstBlock: seal.content.firstBlock,
            lastBlock: seal.content.lastBlock,
            lastHash: seal.content.lastHash,
            signatures,
            blocksSince: Math.max(0, (last?.number ?? 0) - seal.content.lastBlock),
          },
  };
}

function refuseToSeal(path: string, { findings, last }: Survey): void {
  const [first] = findings;
  if (first !== undefined)
    throw new EigenwatchError({
      action: `seal ${path}`,
      value: line(first),
      expected: "a whole recording",
      kind: "failed",
    });
  if (last === null)
    throw new EigenwatchError({ action: `seal ${path}`, value: "it holds no block", kind: "input" });
}

const BEGINNINGS = {
  noted: "the log says that retention removed them, or that it was made without them",
  unknown: "whether retention removed them or somebody else is not known, its program made no note of that",
} as const;

function printReport(report: VerifyReport, sealed: boolean): void {
  const { findings, seal } = report;
  for (const finding of findings) print(line(finding));
  const holds = findings.length === 0 ? "holds" : `does not hold in ${findings.length} places`;
  print(
    `${report.recording} ${holds}: blocks ${report.firstBlock} to ${report.lastBlock}, ${report.inputs} inputs, ` +
      `${report.events} events, ${report.stateHashes} state hashes, ${report.snapshots} snapshots`,
    `last hash ${report.lastHash}`,
  );
  if (findings.length === 0 && report.beginning !== "first")
    print(`blocks 1 to ${report.firstBlock - 1} are no part of it: ${BEGINNINGS[report.beginning]}`);
  if (seal === null) return;
  for (const { algorithm, fingerprint, valid } of seal.signatures)
    print(
      `${valid ? (sealed ? "sealed by" : "seal by") : "no valid seal by"} ${algorithm} key ${fingerprint}`,
    );
  if (seal.blocksSince > 0)
    print(
      `the seal is for blocks ${seal.firstBlock} to ${seal.lastBlock}; ${seal.blocksSince} blocks came after it`,
    );
}

function line({ file, offset, length, reason }: Finding): string {
  return length > 1
    ? `${file} bytes ${offset} to ${offset + length - 1}: ${reason}`
    : `${file} at byte ${offset}: ${reason}`;
}

function inSeal(reason: string): Finding {
  return { file: SEAL_FILE, offset: 0, length: 0, reason };
}

async function segmentBytes(path: string): Promise<number> {
  const names = await listRecording(realDisk, path);
  const sizes = names
    .filter((name) => segmentFirstBlock(name) !== null)
    .map((name) => stat(join(path, name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}
