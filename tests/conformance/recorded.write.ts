/**
 * Records the golden session (golden-session.ts) and notes what it leads to in golden.json.
 *
 *     node --import tsx tests/conformance/recorded.write.ts NAME [--again] [--joins REASON] [--folder recorded]
 *
 * NAME is a folder in recorded/, such as "session-4". A recording of a released version is never made again: it is what users have on their
 * disks. `--again` replaces one whose versions no release has, and is refused when an actor derives or keeps something else from the recording
 * that is there, under the version that it has there. `--joins` says why the core's own state may be another one under the same state
 * version, such as a further section of the settings; the reason is kept. Files are gzipped.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { openRecordingForWriting } from "../../actors/journal/recording.ts";
import { LogWriter } from "../../actors/log/writer.ts";
import { SYSTEM } from "../../actors/system.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { goldenInputs, SNAPSHOT_US } from "./golden-session.ts";
import { goldenIn, RECORDED, type RecordingDigest, replayed, unpacked } from "./recorded-digest.ts";
import { CORE, unsteppedChanges } from "./unstepped.ts";

/** Inputs in a block, and blocks between two checkpoints: each names every piece of state. */
const BLOCK_INPUTS = 16;
const CHECKPOINT_BLOCKS = 60;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { again: { type: "boolean" }, joins: { type: "string" }, folder: { type: "string" } },
});
const [name] = positionals;
if (name === undefined) throw new Error("Cannot record: no name; expected NAME");
const { joins, folder = RECORDED } = values;
const golden = goldenIn(folder);
const directory = join(folder, name);
const before = golden[name];
if (before === undefined) {
  if (existsSync(directory))
    throw new Error(`Cannot record ${name}: golden.json has no row of it; expected a new name`);
} else {
  if (values.again !== true)
    throw new Error(
      `Cannot record ${name}: it is there; expected a new name, or --again if no release has its versions`,
    );
  await refuseUnstepped(name, before);
}

const working = join(temporaryDirectory(), name);
await record(working);
const key = join(working, "..", "golden");
await succeeds(["verify", "keygen", "--out", key]);
await succeeds(["verify", working, "--sign", `${key}.key`]);
const { digest } = await replayed(working);

rmSync(directory, { recursive: true, force: true });
mkdirSync(directory);
for (const file of [...readdirSync(working).map((each) => join(working, each)), `${key}.pub`])
  writeFileSync(join(directory, `${basename(file)}.gz`), gzipSync(readFileSync(file), { level: 9 }));
const joined = [...(before?.joined ?? []), ...(joins === undefined ? [] : [joins])];
const kept =
  before?.stateVersion === digest.stateVersion && joined.length > 0 ? { ...digest, joined } : digest;
const all: Record<string, RecordingDigest> = { ...golden, [name]: kept };
writeFileSync(join(folder, "golden.json"), `${JSON.stringify(all, null, 2)}\n`);

/** The recording that is there shows what changed, whatever the inputs of the next one are. */
async function refuseUnstepped(name: string, before: RecordingDigest): Promise<void> {
  const { digest } = await replayed(unpacked(name, folder).directory);
  const refused = unsteppedChanges(digest, before).filter(
    ({ actor }) => joins === undefined || actor !== CORE,
  );
  if (refused.length === 0) return;
  const ofCore = refused.some(({ actor }) => actor === CORE) ? ", or --joins REASON for the core's own" : "";
  throw new Error(
    `Cannot record ${name} again:\n${refused.map(({ text }) => text).join("\n")}\nexpected those steps${ofCore}`,
  );
}

async function record(into: string): Promise<void> {
  const journal = await openRecordingForWriting(into, { partition: "p0" });
  const core: Core = new Core(SYSTEM, { ...SILENT, event: (event) => writer.event(event) });
  const writer: LogWriter = new LogWriter({
    journal,
    core,
    partition: "p0",
    snapshotSamples: Number.POSITIVE_INFINITY,
  });
  let snapshotBlock = 0;
  const close = async (): Promise<void> => {
    if (writer.openInputs === 0) return;
    const { number, durable } = writer.close();
    await durable;
    if (snapshotBlock === 0 && core.now >= SNAPSHOT_US) {
      snapshotBlock = number;
      await journal.saveSnapshot(number, core.now, core.sequence, core.snapshot());
    }
    if (number % CHECKPOINT_BLOCKS === 0) await writer.maintain();
  };
  for (const { timeUs, input } of goldenInputs()) {
    const bytes = encodeMessage(input);
    if (!writer.fits(bytes.length) || writer.openInputs >= BLOCK_INPUTS) await close();
    writer.add(timeUs, bytes);
    core.apply(core.sequence + 1, timeUs, input);
  }
  await close();
  await writer.maintain();
  await journal.close();
}

async function succeeds(args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) throw new Error(`Cannot ${args.join(" ")}: ${stdout}${stderr}`);
}
