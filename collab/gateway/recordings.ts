/**
 * Recordings that the gateway serves beside its own sessions, each below /recordings/NAME/ as if it were a gateway of its own.
 *
 *   name ──somebody asks──► opening ──► open ──nobody follows it for recordingIdleMs──► closed
 *                              └── cannot be read: the next request tries again
 *
 * R1  Who came by an invitation, and strangers, open nothing.
 * R2  At most `recordingsOpenMax` are open. One more closes the one that was left longest ago; while people look at all of them it is refused.
 * R3  All who look at a recording share its place, as with `replay --follow`.
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { GatewayLimits } from "./limits.ts";
import { checkSeesRecordings, type OpenedRecording, type RecordingShelf } from "./recording-shelf.ts";
import type { RequestOrigin } from "./request.ts";
import type { ServedSessions } from "./served-sessions.ts";

export interface RecordingsOptions {
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
  serve(recording: OpenedRecording): ServedSessions;
  log(line: string): void;
}

interface Opened {
  readonly recording: OpenedRecording;
  readonly served: ServedSessions;
}

interface Entry {
  readonly opening: Promise<Opened>;
  /** Null while it is opened. */
  opened: Opened | null;
  lastUsedMs: number;
}

export class Recordings {
  readonly #shelf: RecordingShelf;
  readonly #options: RecordingsOptions;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(shelf: RecordingShelf, options: RecordingsOptions) {
    this.#shelf = shelf;
    this.#options = options;
  }

  /** What serves a recording, which is opened unless it is open. Rejects when it cannot be. */
  async open(name: string, from: RequestOrigin): Promise<ServedSessions> {
    const action = `open recording ${name}`;
    checkSeesRecordings(from, action);
    if (this.#isClosed) {
      const expected = "a running gateway";
      throw new EigenwatchError({ action, value: "closing", expected, kind: "unavailable" });
    }
    const entry = this.#entries.get(name) ?? this.#begin(name);
    entry.lastUsedMs = this.#options.nowMs();
    return (await entry.opening).served;
  }

  /** Called every `keepAliveMs`. */
  keepAlive(): void {
    const { limits, nowMs } = this.#options;
    for (const [name, entry] of this.#entries) {
      if (entry.opened === null) continue;
      entry.opened.served.keepAlive();
      if (entry.opened.served.isFollowed) entry.lastUsedMs = nowMs();
      else if (nowMs() - entry.lastUsedMs >= limits.recordingIdleMs) void this.#end(name, entry);
    }
  }

  checkSignIns(): void {
    for (const { opened } of this.#entries.values()) opened?.served.checkSignIns();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#entries].map(([name, entry]) => this.#end(name, entry)));
  }

  #begin(name: string): Entry {
    this.#makeRoom(name);
    const { serve, nowMs } = this.#options;
    const opening = this.#shelf
      .open(name)
      .then((recording): Opened => ({ recording, served: serve(recording) }));
    const entry: Entry = { opening, opened: null, lastUsedMs: nowMs() };
    this.#entries.set(name, entry);
    opening.then(
      (opened) => {
        entry.opened = opened;
      },
      () => {
        if (this.#entries.get(name) === entry) this.#entries.delete(name);
      },
    );
    return entry;
  }

  #makeRoom(name: string): void {
    const { recordingsOpenMax } = this.#options.limits;
    if (this.#entries.size < recordingsOpenMax) return;
    const [left] = [...this.#entries]
      .filter(([, { opened }]) => opened !== null && !opened.served.isFollowed)
      .sort(([, a], [, b]) => a.lastUsedMs - b.lastUsedMs);
    if (left !== undefined) {
      void this.#end(...left);
      return;
    }
    const value = `people look at ${this.#entries.size} others`;
    const expected = `fewer than ${recordingsOpenMax} (recordingsOpenMax): close the page of one`;
    throw new EigenwatchError({ action: `open recording ${name}`, value, expected, kind: "unavailable" });
  }

  /** Whoever asks for it again opens it anew. */
  async #end(name: string, entry: Entry): Promise<void> {
    this.#entries.delete(name);
    // Who asked for it has got the reason why it did not open.
    const opened = await entry.opening.catch(() => null);
    if (opened === null) return;
    try {
      await opened.served.close();
      await opened.recording.close();
    } catch (error) {
      this.#options.log(`gateway: cannot close recording ${name}: ${String(error)}`);
    }
  }
}

/** The recording that a path lies below, and the rest of the path: "" without a slash. Null for any other path. */
export function placeInRecording(path: string): { readonly name: string; readonly path: string } | null {
  const found = /^\/recordings\/([^/]+)(\/.*)?$/.exec(path);
  if (found === null) return null;
  try {
    return { name: decodeURIComponent(found[1]!), path: found[2] ?? "" };
  } catch {
    const expected = "the name of a recording, encoded as in a URL";
    throw new EigenwatchError({ action: "open a recording", value: found[1]!, expected });
  }
}
