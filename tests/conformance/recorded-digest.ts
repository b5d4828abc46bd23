/**
 * What a recording leads to, in few bytes: digests of the events and published states that today's program derives from it, and of the state
 * at its end, for each actor.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { openRecording } from "../../actors/journal/recording.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { SYSTEM } from "../../actors/system.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage } from "../../protocol/messages.ts";
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
  /** By actor: the hashes of its pieces of state. */
  readonly stateOf: Readonly<Record<string, Digest>>;
}

/** What each recording of recorded/ led to when it was made, by name. */
export const GOLDEN = JSON.parse(
  readFileSync(new URL("recorded/golden.json", import.meta.url), "utf8"),
) as Readonly<Record<string, RecordingDigest>>;

/** A golden recording as its program left it, in a temporary folder, and the public key of its seal. */
export function unpacked(name: string): { directory: string; publicKey: string } {
  const packed = fileURLToPath(new URL(`recorded/${name}/`, import.meta.url));
  const parent = temporaryDirectory();
  const directory = join(parent, name);
  mkdirSync(directory);
  for (const file of readdirSync(packed)) {
    const into = file.endsWith(".pub.gz") ? parent : directory;
    writeFileSync(join(into, file.replace(/\.gz$/, "")), gunzipSync(readFileSync(join(packed, file))));
  }
  return { directory, publicKey: join(parent, "golden.pub") };
}

export async function digestOf(directory: string): Promise<RecordingDigest> {
  const events = new Digester();
  const states = new Digester();
  const eventsOf = new DigestersByActor();
  const stateOf = new DigestersByActor();
  const core = new Core(SYSTEM, {
    event(event) {
      events.add(encodeMessage(event));
      eventsOf.of(event.actor).add(encodeMessage(unnumbered(event)));
    },
    state: (state) => states.add(encodeMessage(state)),
    metrics() {},
  });
  const journal = await openRecording(directory);
  const { inputs } = await foldJournal(journal.read(), core);
  await journal.close();
  const { stateVersion, hash, parts } = core.hash();
  for (const { actor, field, hash } of parts)
    stateOf.of(actorName(actor)).add(Buffer.from(`${actor}.${field} ${hex(hash)}\n`));
  return {
    stateVersion,
    versions: core.session?.versions ?? {},
    inputs,
    finalHash: hex(hash),
    events: events.end(),
    states: states.end(),
    eventsOf: eventsOf.end(),
    stateOf: stateOf.end(),
  };
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
