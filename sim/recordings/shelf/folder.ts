/**
 * A folder of recordings: what is in it, and the replay of one by its name.
 *
 *   DIR/june/0000000001.seg …  ─► june        DIR/may/… ─► may        files, links, hidden folders and folders without segments: none
 *
 * F1  Only a name that the folder has is opened: no path is made of another one.
 * F2  Lists and replays say names. Paths of this machine are nobody else's business.
 * F3  A recording whose files have not changed is not read again for a list.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { isBeingWritten, realDisk, segmentFirstBlock } from "../../../actors/journal/mod.ts";
import { type PartitionFolder, partitionFolders } from "../../../actors/mod.ts";
import type { OpenedRecording, RecordingShelf } from "../../../collab/gateway/recording-shelf.ts";
import type { ListedRecording, RecordingList } from "../../../protocol/controls.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { closeSessions, openSessions } from "../replay/open-sessions.ts";
import { type Summary, summaryOf } from "./summary.ts";

/** More than a person looks through. Of each the newest segment is read, a tenth of a second where it is full: all new, ten seconds. */
export const RECORDINGS_LISTED_MAX = 100;

/** A folder with segments, or one that cannot be read. */
interface Found {
  readonly name: string;
  readonly folders: readonly PartitionFolder[];
  /** When it was last written. */
  readonly writtenNs: bigint;
  /** The same as long as its files are. */
  readonly stamp: string;
  readonly problem: string;
}

export class RecordingFolder implements RecordingShelf {
  private readonly path: string;
  private readonly log: (line: string) => void;
  private readonly summaries = new Map<string, { readonly stamp: string; readonly summary: Summary }>();
  private listing: Promise<RecordingList> | null = null;

  /** `log` gets what people who run the program should see. */
  constructor(path: string, log: (line: string) => void) {
    this.path = resolve(path);
    this.log = log;
  }

  /** Of those who ask at the same time all get one answer. */
  list(): Promise<RecordingList> {
    this.listing ??= this.read().finally(() => {
      this.listing = null;
    });
    return this.listing;
  }

  async open(name: string): Promise<OpenedRecording> {
    const action = `open recording ${name}`;
    if (!(await this.names()).includes(name))
      throw new EigenwatchError({
        action,
        value: "there is none of that name",
        expected: "a name of the list",
        kind: "notFound",
      });
    const directory = join(this.path, name);
    try {
      const sessions = await openSessions(directory, {
        // Charts are full there, and nobody pays for playing before somebody asks for it.
        place: "end",
        log: this.log,
        shownAs: (part) => (part === directory ? name : `${name}/${basename(part)}`),
      });
      return { sessions, scans: sessions[0].scans(), close: () => closeSessions(sessions) };
    } catch (cause) {
      const kind = cause instanceof EigenwatchError ? cause.kind : "failed";
      throw new EigenwatchError({ action, value: reasonOf(cause, directory), kind }, { cause });
    }
  }

  private async read(): Promise<RecordingList> {
    const found: Found[] = [];
    for (const name of await this.names()) {
      const one = await find(name, join(this.path, name));
      if (one !== null) found.push(one);
    }
    found.sort(byNewest);
    const listed = found.slice(0, RECORDINGS_LISTED_MAX);
    const recordings: ListedRecording[] = [];
    for (const each of listed) {
      const isLive = await isWritten(each);
      recordings.push({ name: each.name, isLive, ...(await this.summary(each)) });
    }
    const names = new Set(listed.map(({ name }) => name));
    for (const name of this.summaries.keys()) if (!names.has(name)) this.summaries.delete(name);
    return { recordings, more: found.length - listed.length };
  }

  private async summary(found: Found): Promise<Summary> {
    const { name, folders, stamp, problem } = found;
    if (problem !== "") return unread(found, problem);
    const known = this.summaries.get(name);
    if (known?.stamp === stamp) return known.summary;
    const summary = await summaryOf(folders).catch((error: unknown) =>
      unread(found, reasonOf(error, join(this.path, name))),
    );
    this.summaries.set(name, { stamp, summary });
    return summary;
  }

  private async names(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true });
    return entries.filter((each) => each.isDirectory() && !each.name.startsWith(".")).map(({ name }) => name);
  }
}

/** Null for a folder without segments. */
async function find(name: string, directory: string): Promise<Found | null> {
  try {
    const folders = await partitionFolders(directory);
    if (folders.length === 0) return null;
    let writtenNs = 0n;
    const stamps: string[] = [];
    for (const folder of folders) {
      const names = await realDisk.list(folder.directory);
      const newest = names.filter((each) => segmentFirstBlock(each) !== null).sort(bySegment)[0]!;
      const { mtimeNs, size, ino } = await stat(join(folder.directory, newest), { bigint: true });
      if (mtimeNs > writtenNs) writtenNs = mtimeNs;
      // Seals and snapshots are further names.
      stamps.push(`${ino} ${size} ${mtimeNs} ${names.length}`);
    }
    return { name, folders, writtenNs, stamp: stamps.join(), problem: "" };
  } catch (error) {
    const state = await stat(directory, { bigint: true }).catch(() => null);
    // It was removed meanwhile.
    if (state === null) return null;
    return { name, folders: [], writtenNs: state.mtimeNs, stamp: "", problem: reasonOf(error, directory) };
  }
}

/** Whether a writer of any of its partitions is alive. */
async function isWritten({ folders }: Found): Promise<boolean> {
  for (const { directory } of folders)
    if (await isBeingWritten(realDisk, directory).catch(() => false)) return true;
  return false;
}

function unread({ folders }: Found, problem: string): Summary {
  return {
    fromUs: null,
    toUs: null,
    channels: null,
    bytes: 0,
    partitions: folders.length,
    isSealed: false,
    isDamaged: false,
    problem,
  };
}

/** In words without the folder's path. */
function reasonOf(error: unknown, directory: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "this program may not read it";
  const text = error instanceof EigenwatchError ? error.value : String((error as Error).message ?? error);
  return text.replaceAll(directory, "it");
}

/** Of those of the same instant by name. */
function byNewest(a: Found, b: Found): number {
  if (a.writtenNs !== b.writtenNs) return a.writtenNs > b.writtenNs ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function bySegment(a: string, b: string): number {
  return segmentFirstBlock(b)! - segmentFirstBlock(a)!;
}
