/**
 * What a recording leads to, in few bytes: digests of the events and published states that today's program derives from it, and of the state
 * of each actor in its course and at its end.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import type { StateHashes } from "../../actors/core/registered-state.ts";
import { openRecording } from "../../actors/journal/recording.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { SYSTEM } from "../../actors/system.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage, Input } from "../../protocol/messages.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

export interface Digest {
  readonly count: number;
  readonly sha256: string;
}

export interface RecordingDigest {
  readonly stateVersion: number;
  /** As the log names them in its last `sessionOpened`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly inputs: number;
  /** Of the whole state at the end, as the program printed it. */
  readonly finalHash: string;
  /** All events, byte for byte. */
  readonly events: Digest;
  /** Published states, byte for byte. */
  readonly states: Digest;
  /** By actor: what it announced, without the numbers that count the events of others. */
  readonly eventsOf: Readonly<Record<string, Digest>>;
  /** By actor: the hashes of its pieces of state at the end. */
  readonly stateOf: Readonly<Record<string, Digest>>;
  /** Absent in the first ones. */
  readonly course?: StateCourse;
  /** Why the core's own state is another one than when its state version was first recorded here: additions that joined the version. */
  readonly joined?: readonly string[];
}

/** The state of each actor in the course of a recording. */
export interface StateCourse {
  /** Sequences of the inputs after which it was looked at. */
  readonly after: string;
  /** By actor: the first digits of a digest of its pieces, in the same order; "-": it did not exist. */
  readonly ofActor: Readonly<Record<string, string>>;
}

export const RECORDED = fileURLToPath(new URL("recorded/", import.meta.url));

/** What each recording of a folder led to when it was made, by name. */
export function goldenIn(recorded: string): Readonly<Record<string, RecordingDigest>> {
  return JSON.parse(readFileSync(join(recorded, "golden.json"), "utf8"));
}

export const GOLDEN = goldenIn(RECORDED);

/** A golden recording as its program left it, in a temporary folder, and the public key of its seal. */
export function unpacked(name: string, recorded = RECORDED): { directory: string; publicKey: string } {
  const packed = join(recorded, name);
  const parent = temporaryDirectory();
  const directory = join(parent, name);
  mkdirSync(directory);
  for (const file of readdirSync(packed)) {
    const into = file.endsWith(".pub.gz") ? parent : directory;
    writeFileSync(join(into, file.replace(/\.gz$/, "")), gunzipSync(readFileSync(join(packed, file))));
  }
  return { directory, publicKey: join(parent, "golden.pub") };
}

/** What today's program makes of a recording. */
export interface Replayed {
  readonly digest: RecordingDigest;
  /** The newest snapshot of the recording, and today's program after the same input. */
  readonly snapshot: { readonly stored: Uint8Array; readonly made: Uint8Array; readonly hash: string };
}

export async function replayed(directory: string): Promise<Replayed> {
  const events = new Digester();
  const states = new Digester();
  const eventsOf = new DigestersByActor();
  const stateOf = new DigestersByActor();
  const core = new WatchedCore(SYSTEM, {
    event(event) {
      events.add(encodeMessage(event));
      eventsOf.of(event.actor).add(encodeMessage(unnumbered(event)));
    },
    state: (state) => states.add(encodeMessage(state)),
    metrics() {},
  });
  const journal = await openRecording(directory);
  const stored = (await journal.loadSnapshot({}))!;
  core.snapshotAfter = stored.sequence;
  const { inputs } = await foldJournal(journal.read(), core);
  await journal.close();
  core.watch();
  const { stateVersion, hash, parts } = core.hash();
  for (const { actor, field, hash } of parts)
    stateOf.of(actorName(actor)).add(Buffer.from(`${actor}.${field} ${hex(hash)}\n`));
  const digest = {
    stateVersion,
    versions: core.session?.versions ?? {},
    inputs,
    finalHash: hex(hash),
    events: events.end(),
    states: states.end(),
    eventsOf: eventsOf.end(),
    stateOf: stateOf.end(),
    course: core.course.end(),
  };
  return { digest, snapshot: { stored: stored.bytes, ...core.atSnapshot! } };
}

/** Looks at the state of each actor again and again, and before inputs that make actors begin anew: what they kept is gone afterwards. */
class WatchedCore extends Core {
  readonly course = new Course();
  /** Sequence of the input after which `atSnapshot` is taken. */
  snapshotAfter = Number.POSITIVE_INFINITY;
  atSnapshot: { made: Uint8Array; hash: string } | null = null;

  override apply(sequence: number, timeUs: number, input: Input): void {
    if (sequence % LOOK_EVERY === 0 || input.type === "configChanged" || input.type === "sessionOpened")
      this.watch();
    super.apply(sequence, timeUs, input);
    if (sequence === this.snapshotAfter)
      this.atSnapshot = { made: this.snapshot(), hash: hex(this.hash().hash) };
  }

  watch(): void {
    this.course.add(this.sequence, this.hash().parts);
  }
}

/** Inputs between two looks at the state. */
const LOOK_EVERY = 64;

class Course {
  private readonly after: number[] = [];
  private readonly ofActor = new Map<string, string[]>();

  /** The state of all actors after an input. */
  add(sequence: number, parts: StateHashes["parts"]): void {
    const look = this.after.push(sequence);
    const digesters = new Map<string, Hash>();
    for (const { actor, field, hash } of parts) {
      const name = actorName(actor);
      const digester = digesters.get(name) ?? createHash("sha256");
      digesters.set(name, digester.update(`${actor}.${field} ${hex(hash)}\n`));
    }
    for (const [name, digester] of digesters) {
      const looks = this.ofActor.get(name) ?? [];
      // It did not exist yet.
      while (looks.length < look - 1) looks.push("-");
      looks.push(digester.digest("hex").slice(0, LOOK_DIGITS));
      this.ofActor.set(name, looks);
    }
  }

  end(): StateCourse {
    const inOrder = [...this.ofActor].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      after: this.after.join(" "),
      ofActor: Object.fromEntries(inOrder.map(([actor, looks]) => [actor, looks.join(" ")])),
    };
  }
}

/** Hexadecimal digits of a look: they tell changes apart, not attacks. */
const LOOK_DIGITS = 8;

/** The input after which the state of an actor is first another one; null: it never is. */
export function firstDifference(found: StateCourse, golden: StateCourse, actor: string): string | null {
  const after = golden.after.split(" ");
  const before = golden.ofActor[actor]?.split(" ") ?? [];
  const now = found.ofActor[actor]?.split(" ") ?? [];
  const at = after.findIndex((_, k) => before[k] !== now[k]);
  return at < 0 ? null : after[at]!;
}

/** "walk/collapse" is the actor collapse of the group walk. */
function actorName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** An event without what counts the events of others. */
export function unnumbered(event: EventMessage): EventMessage {
  return { ...event, sequence: 0, id: event.id.slice(0, event.id.lastIndexOf("/")) };
}

class Digester {
  private readonly hash = createHash("sha256");
  private count = 0;

  add(bytes: Uint8Array): void {
    this.count++;
    this.hash.update(bytes);
  }

  end(): Digest {
    return { count: this.count, sha256: this.hash.digest("hex") };
  }
}

class DigestersByActor {
  private readonly byActor = new Map<string, Digester>();

  of(actor: string): Digester {
    const known = this.byActor.get(actor) ?? new Digester();
    this.byActor.set(actor, known);
    return known;
  }

  end(): Record<string, Digest> {
    const inOrder = [...this.byActor].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(inOrder.map(([actor, digester]) => [actor, digester.end()]));
  }
}
