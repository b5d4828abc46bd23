/**
 * Records the golden session (golden-session.ts) and notes what it leads to in recorded/golden.json.
 *
 *     node --import tsx tests/conformance/recorded.write.ts NAME [--again]
 *
 * NAME is a folder in recorded/, such as "session-4". A recording of a released version is never made again: it is what users have on their
 * disks. `--again` replaces one whose versions no release has. Files are gzipped.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
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
import { GOLDEN, type RecordingDigest, replayed } from "./recorded-digest.ts";

const RECORDED = fileURLToPath(new URL("recorded/", import.meta.url));

/** Inputs in a block, and blocks between two checkpoints: each names every piece of state. */
const BLOCK_INPUTS = 16;
const CHECKPOINT_BLOCKS = 60;

const [name, again] = process.argv.slice(2);
if (name === undefined) throw new Error("Cannot record: no name; expected NAME");
const directory = join(RECORDED, name);
if (existsSync(directory) && again !== "--again")
  throw new Error(
    `Cannot record ${name}: it is there; expected a new name, or --again if no release has its versions`,
  );

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
const all: Record<string, RecordingDigest> = { ...GOLDEN, [name]: digest };
writeFileSync(join(RECORDED, "golden.json"), `${JSON.stringify(all, null, 2)}\n`);

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
