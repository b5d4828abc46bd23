// runtime: either
// slow
/** A folder of recordings: what its list says of each without reading it whole, and the replay of one by its name. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openRecordingForWriting } from "../../actors/journal/recording.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { ListedRecording, ReplayStatus } from "../../protocol/controls.ts";
import { OWNER } from "../../protocol/principal.ts";
import { RECORDINGS_LISTED_MAX, RecordingFolder } from "../../sim/recordings/shelf/folder.ts";
import { type RecordedRun, record, temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const shelf = new RecordingFolder(folder, () => {});
let may: RecordedRun;

test.before(async () => {
  const feeds = ["walk?channels=4&rate=max&frame=16&seed=3&duration=10s"];
  may = await record({ definitions: SYSTEM, directory: join(folder, "may"), feeds });
});

/** As its files would be if they had been written at this time, in s. */
function writtenAt(name: string, seconds: number): void {
  for (const file of readdirSync(join(folder, name))) utimesSync(join(folder, name, file), seconds, seconds);
}

async function listed(name: string): Promise<ListedRecording> {
  const { recordings } = await shelf.list();
  const found = recordings.find((each) => each.name === name);
  assert.ok(found, `${name} among ${recordings.map((each) => each.name)}`);
  return found!;
}

test("a list has begin, end, channels and size of a recording, and whether it is written or sealed", async () => {
  const { fromUs, toUs, bytes, ...rest } = await listed("may");
  assert.equal(rest, {
    name: "may",
    channels: 4,
    partitions: 1,
    isLive: false,
    isSealed: false,
    isDamaged: false,
    problem: "",
  });
  assert.is(Math.round((toUs! - fromUs!) / 1e6), 10);
  assert.ok(bytes > 8 * may.samples, `${bytes} bytes of ${may.samples} samples`);
  const writer = await openRecordingForWriting(may.directory, { partition: "p0" });
  assert.ok((await listed("may")).isLive);
  await writer.close();
  assert.not.ok((await listed("may")).isLive);
  writeFileSync(join(may.directory, "seal.json"), "{}");
  assert.ok((await listed("may")).isSealed);
});

test("a list is the newest first, says why one cannot be opened, and passes over what is no recording", async () => {
  const segment = readdirSync(may.directory).find((name) => name.endsWith(".seg"))!;
  const make = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  writeFileSync(join(make("garbage"), segment), "not a segment at all, but of its name");
  const june = make("june");
  copyFileSync(join(may.directory, segment), join(june, segment));
  cpSync(may.directory, join(folder, ".hidden"), { recursive: true });
  writeFileSync(join(make("texts"), "notes.txt"), "no segment");
  writeFileSync(join(folder, "file.seg"), "");
  symlinkSync(may.directory, join(folder, "linked"));

  for (const [k, name] of ["may", "garbage", "june"].entries()) writtenAt(name, 1_000 + k);

  const { recordings, more } = await shelf.list();
  const names = recordings.map(({ name }) => name);
  assert.equal([names, more], [["june", "garbage", "may"], 0]);
  const { problem, toUs } = await listed("garbage");
  assert.equal([problem, toUs], ["no block in it can be read", null]);
  assert.not.ok(JSON.stringify(recordings).includes(folder), "a list has no paths");
});

test("of more recordings than anybody looks through the newest are listed, and the others counted", async () => {
  const many = temporaryDirectory();
  const segment = "0000000001.seg";
  for (let k = 0; k < RECORDINGS_LISTED_MAX + 2; k++) {
    mkdirSync(join(many, `r${k}`));
    writeFileSync(join(many, `r${k}`, segment), "");
  }
  const { recordings, more } = await new RecordingFolder(many, () => {}).list();
  assert.equal([recordings.length, more], [RECORDINGS_LISTED_MAX, 2]);
});

test("a recording opens at its end with all its events, and plays from its beginning", async () => {
  const { sessions, scans, close } = await shelf.open("june");
  const [session] = sessions;
  const author = { author: "test", authorId: OWNER.id, authorRole: OWNER.role };
  const command = (name: "readReplay" | "play"): Promise<ReplayStatus> =>
    session!.commands.carryOut({ name, body: {} }, author, new AbortController().signal);
  const end = await command("readReplay");
  assert.equal([end.state, end.sequence, end.timeUs], ["ended", may.inputs, end.toUs]);
  assert.is(end.recording, "june", "not its path");
  assert.is((await session!.events(0, 10_000)).length, may.events);
  assert.equal(scans.list(), []);
  const playing = await command("play");
  assert.ok(playing.timeUs < end.timeUs && playing.state !== "ended", JSON.stringify(playing));
  await close();
});

test("[F1] a name that the folder does not have is refused, whatever path it would make", async () => {
  const outside = join("..", folder.split("/").at(-1)!, "may");
  for (const name of [
    "",
    ".",
    "..",
    "july",
    outside,
    may.directory,
    "may/",
    "./may",
    "linked",
    ".hidden",
    "may\0",
  ])
    try {
      await shelf.open(name);
      assert.unreachable(name);
    } catch (error) {
      assert.is((error as { kind?: string }).kind, "notFound", `${name}: ${error}`);
    }
});

test("a recording that cannot be read is refused without its path", async () => {
  try {
    await shelf.open("garbage");
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /^Cannot open recording garbage: /);
    assert.not.ok((error as Error).message.includes(folder));
  }
});

test.run();
