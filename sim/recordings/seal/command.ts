/** `eigenwatch verify PATH`: whether a recording is whole and as it was sealed. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { segmentFirstBlock } from "../../../actors/journal/mod.ts";
import { askedAsync, CommandError } from "../../../actors/mod.ts";
import { startProgress } from "../../terminal/progress.ts";
import { publicKey, secretKey } from "./key-files.ts";
import { checkContent, checkSignatures, readSeal, SEAL_FILE, type Seal, sealRecording } from "./seal.ts";
import type { PublicKey, SecretKey } from "./signing-keys.ts";
import { type Survey, surveyRecording } from "./survey.ts";
import type { Finding } from "./survey-files.ts";

export interface VerifyFlags {
  sign: string[];
  /** True, or the file of a public key. */
  check?: true | string;
  json?: true;
}

export interface SealReport {
  firstBlock: number;
  lastBlock: number;
  lastHash: string;
  signatures: { algorithm: string; fingerprint: string; valid: boolean }[];
  /** Blocks behind the sealed end. */
  blocksSince: number;
}

export interface VerifyReport {
  recording: string;
  partition: string;
  firstBlock: number;
  lastBlock: number;
  blocks: number;
  inputs: number;
  events: number;
  stateHashes: number;
  snapshots: number;
  lastHash: string;
  /** A process is writing it. */
  written: boolean;
  findings: Finding[];
  seal: SealReport | null;
}

/** 0 when everything holds, 1 when something does not. */
export async function verifyCommand(path: string, flags: VerifyFlags): Promise<number> {
  const secrets = await Promise.all(flags.sign.map(secretKey));
  const demanded = typeof flags.check === "string" ? await publicKey(flags.check) : null;
  const report = await verifyRecording(path, {
    secrets,
    sealWanted: flags.check !== undefined,
    demanded,
    quiet: flags.json === true,
  });
  if (flags.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else tell(report, secrets.length > 0);
  return report.findings.length > 0 ? 1 : 0;
}

export async function verifyRecording(
  path: string,
  options: {
    secrets?: readonly SecretKey[];
    sealWanted?: boolean;
    demanded?: PublicKey | null;
    quiet?: boolean;
  } = {},
): Promise<VerifyReport> {
  const { secrets = [], sealWanted = false, demanded = null, quiet = true } = options;
  const bar = startProgress("verify", await segmentBytes(path), "bytes", quiet);
  try {
    const broken: Finding[] = [];
    const before = await askedAsync(() => readSeal(path, (finding) => broken.push(finding)));
    let sealedHash: string | null = null;
    const survey = await askedAsync(() =>
      surveyRecording(
        path,
        (bytes) => bar.update(bytes),
        ({ number, hash }) => {
          if (number === before?.content.lastBlock) sealedHash = Buffer.from(hash).toString("hex");
        },
      ),
    );
    const { findings } = survey;
    if (secrets.length > 0) refuseToSeal(path, survey);
    const seal = secrets.length > 0 ? await sealRecording(path, survey, secrets) : before;
    if (secrets.length === 0) findings.push(...broken);
    if (seal !== null && secrets.length === 0) {
      findings.push(...(await checkContent(path, seal, survey)));
      if (sealedHash !== seal.content.lastHash)
        findings.push(inSeal(`block ${seal.content.lastBlock} does not have the hash that was sealed`));
    }
    if (seal === null && sealWanted && broken.length === 0) findings.push(inSeal("there is no seal"));
    return reportOf(path, survey, seal, demanded);
  } finally {
    bar.stop();
  }
}

function reportOf(path: string, survey: Survey, seal: Seal | null, demanded: PublicKey | null): VerifyReport {
  const { findings, first, last } = survey;
  const signatures = seal === null ? [] : checkSignatures(seal);
  for (const { algorithm, fingerprint, valid } of signatures)
    if (!valid) findings.push(inSeal(`the ${algorithm} signature by key ${fingerprint} does not hold`));
  if (seal !== null && signatures.length === 0) findings.push(inSeal("it has no signature"));
  if (
    demanded !== null &&
    !signatures.some((each) => each.valid && each.fingerprint === demanded.fingerprint)
  )
    findings.push(inSeal(`there is no valid signature by key ${demanded.fingerprint}`));
  return {
    recording: path,
    partition: survey.partition,
    firstBlock: first?.number ?? 0,
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
    throw new CommandError(`Cannot seal ${path}: ${line(first)}; expected a whole recording`, 1);
  if (last === null) throw new CommandError(`Cannot seal ${path}: it holds no block`);
}

function tell(report: VerifyReport, sealed: boolean): void {
  const { findings, seal } = report;
  for (const finding of findings) process.stdout.write(`${line(finding)}\n`);
  const holds = findings.length === 0 ? "holds" : `does not hold in ${findings.length} places`;
  process.stdout.write(
    `${report.recording} ${holds}: blocks ${report.firstBlock} to ${report.lastBlock}, ${report.inputs} inputs, ` +
      `${report.events} events, ${report.stateHashes} state hashes, ${report.snapshots} snapshots\n` +
      `last hash ${report.lastHash}\n`,
  );
  if (seal === null) return;
  for (const { algorithm, fingerprint, valid } of seal.signatures)
    process.stdout.write(
      `${valid ? (sealed ? "sealed by" : "seal by") : "no valid seal by"} ${algorithm} key ${fingerprint}\n`,
    );
  if (seal.blocksSince > 0)
    process.stdout.write(
      `the seal is for blocks ${seal.firstBlock} to ${seal.lastBlock}; ${seal.blocksSince} blocks came after it\n`,
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
  const names = await askedAsync(() => readdir(path)).catch((error: Error) => {
    throw new CommandError(`Cannot verify ${path}: ${error.message}`);
  });
  const sizes = names
    .filter((name) => segmentFirstBlock(name) !== null)
    .map((name) => stat(join(path, name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}
