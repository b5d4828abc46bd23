/**
 * Compares a replay with what was recorded: the events of each block, the state hash at each checkpoint. It observes the fold.
 *
 * Where the recording was made with other versions of some actors, those are left out: the events and the pieces of state of the others are
 * compared. After that the core's own piece is left out as well, and so are the numbers of events, for both count what all actors did.
 *
 *   same ──first difference──► different (fold on to the next snapshot, to name index and values) ──► reported
 *
 * V1  Only the first difference counts: everything after it may follow from it.
 * V2  Events that were derived and not recorded are a difference. The last block may lack its record: the writer was stopped, or killed.
 *     So may the last one of a session after which another program went on: nobody could derive them again.
 * V3  In a recording that is being written, a block's events are recorded before the next block, so that a missing record is found
 *     there. Blocks up to `settledFrom` are excepted: a crash may have swallowed their records, and the recovery writes them later.
 */
import type { Core, CoreDefinitions } from "../../../actors/core/mod.ts";
import {
  haveSameActors,
  hex,
  OLDER_STATES,
  type OtherActor,
  OtherActors,
  readSnapshot,
  type SavedCore,
} from "../../../actors/core/mod.ts";
import type { FoldObserver } from "../../../actors/mod.ts";
import type { TypedArray } from "../../../actors/ports/detector.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { DecodedBlock } from "../../../protocol/block.ts";
import type { Checkpoint, EventMessage, SessionOpened } from "../../../protocol/messages.ts";

export interface Difference {
  partition: string;
  block: number;
  /** The input after which the two differ; of a state hash: the last input before it. */
  input: number;
  actor: string;
  field: string;
  /** Index into the field, -1 when only its hash is known. */
  index: number;
  recorded: string;
  replayed: string;
}

/** What verification knows of the recording besides its entries. */
export interface VerifierOptions {
  /** The actors that replay it. */
  readonly definitions: CoreDefinitions;
  /** Its snapshots hold recorded values. Absent: a difference of state is named by its hash. */
  readonly values?: Pick<Journal, "loadSnapshot">;
  /** The recording is being written: the last block that it had at the start (V3). */
  readonly settledFrom?: number;
}

export interface Compared {
  /** Checkpoints whose whole state was compared. */
  checkpoints: number;
  /** Checkpoints of which some pieces were compared: those of actors of the same version. */
  partly: number;
  /** Checkpoints whose hashes are of another state version and say nothing about this one. */
  otherVersion: number;
  /** Records of events. */
  derived: number;
}

/** A session in the recording: from which block on, and what of it cannot be compared. */
interface VerifiedSession {
  readonly fromBlock: number;
  readonly opened: SessionOpened;
  readonly others: OtherActors;
}

export class Verifier implements FoldObserver {
  difference: Difference | null = null;
  readonly compared: Compared = { checkpoints: 0, partly: 0, otherVersion: 0, derived: 0 };
  /** The last block of the fold. */
  lastBlock = 0;
  private readonly core: () => Core;
  private readonly options: VerifierOptions;
  private readonly eventsByBlock = new Map<number, EventMessage[]>();
  private readonly sessions: VerifiedSession[] = [];
  /** The state differs, but only hashes are known so far: the next snapshot holds values. */
  private expectsValues = false;

  /** `core`: the one that the fold drives. */
  constructor(core: () => Core, options: VerifierOptions) {
    this.core = core;
    this.options = options;
  }

  /** Actors that could not be compared everywhere: the recording has them in another version. */
  get otherActors(): OtherActor[] {
    const all = this.sessions.flatMap(({ others }) => others.list);
    return [...new Map(all.map((each) => [`${each.actor} ${each.recorded}`, each])).values()];
  }

  /** True when a difference was found and nothing more is to be said about it. */
  get done(): boolean {
    return this.difference !== null && !this.expectsValues;
  }

  /** The core derived an event from an input of the last block. */
  event(event: EventMessage): void {
    const events = this.eventsByBlock.get(this.lastBlock);
    if (events) events.push(event);
    else this.eventsByBlock.set(this.lastBlock, [event]);
  }

  block({ number }: DecodedBlock): boolean {
    this.noteSession();
    this.lastBlock = number;
    if (number > (this.options.settledFrom ?? Number.POSITIVE_INFINITY)) this.finish();
    return !this.done;
  }

  derived(block: number, recorded: EventMessage[]): boolean {
    this.noteSession();
    const derived = this.eventsByBlock.get(block) ?? [];
    this.eventsByBlock.delete(block);
    if (this.difference) return !this.done;
    this.compared.derived++;
    const known = this.comparable(block, recorded);
    const replayed = this.comparable(block, derived);
    for (let i = 0; i < Math.max(known.length, replayed.length); i++) {
      this.difference ??= eventDifference(this.core().partition, block, known[i], replayed[i]);
    }
    return !this.done;
  }

  async checkpoint(recorded: Checkpoint): Promise<boolean> {
    if (this.difference) await this.nameValues(this.difference);
    else await this.compareState(recorded);
    return !this.done;
  }

  /** After the fold, and between blocks: events that the recording does not have (V2). */
  finish(): void {
    if (this.difference) return;
    this.noteSession();
    for (const [block, events] of this.eventsByBlock) {
      const [missing] = block < this.lastBlock ? this.comparable(block, events) : [];
      if (missing === undefined) continue;
      this.difference = eventDifference(this.core().partition, block, undefined, missing);
      return;
    }
  }

  /** The session of the last block, when it is another than before. */
  private noteSession(): void {
    const opened = this.core().session;
    if (opened === null || opened === this.sessions.at(-1)?.opened) return;
    const others = new OtherActors(opened.versions, this.options.definitions);
    const before = this.sessions.at(-1)?.opened.versions;
    if (before !== undefined && !haveSameActors(before, opened.versions))
      this.eventsByBlock.delete(this.lastBlock - 1);
    this.sessions.push({ fromBlock: this.lastBlock, opened, others });
  }

  /** What of a block's session cannot be compared; null: everything can. */
  private othersAt(block: number): OtherActors | null {
    if (this.sessions.every(({ others }) => others.none)) return null;
    return this.sessions.findLast(({ fromBlock }) => fromBlock <= block)?.others ?? null;
  }

  private comparable(block: number, events: readonly EventMessage[]): readonly EventMessage[] {
    const others = this.othersAt(block);
    if (others === null) return events;
    return events.filter(({ actor }) => !others.has(actor)).map(unnumbered);
  }

  private async compareState(recorded: Checkpoint): Promise<void> {
    const core = this.core();
    // A checkpoint belongs to the state right after its block; one that was recorded later cannot be compared.
    if (recorded.block !== this.lastBlock || recorded.sequence !== core.sequence) return;
    this.noteSession();
    const others = this.othersAt(recorded.block);
    const { stateVersion, hash, parts } = core.hash();
    const version = recorded.stateVersion ?? 1;
    if (version !== stateVersion && !OLDER_STATES[version]?.sameActors) {
      this.compared.otherVersion++;
      return;
    }
    const isWhole = version === stateVersion && others === null;
    if (isWhole) this.compared.checkpoints++;
    else this.compared.partly++;
    if (hex(hash) === hex(recorded.hash)) return;
    const replayedByName = new Map(parts.map((part) => [`${part.actor}.${part.field}`, part]));
    const other = recorded.parts.find((part) => {
      if (!isWhole && (part.actor === CORE || others?.has(part.actor))) return false;
      const replayed = replayedByName.get(`${part.actor}.${part.field}`);
      return !replayed || hex(replayed.hash) !== hex(part.hash);
    });
    if (!isWhole && other === undefined) return;
    const replayed = other && replayedByName.get(`${other.actor}.${other.field}`);
    this.difference = {
      partition: core.partition,
      block: recorded.block,
      input: recorded.sequence,
      actor: other?.actor ?? "core",
      field: other?.field ?? "registered state",
      index: -1,
      recorded: other ? `hash ${hex(other.hash)}` : `hash ${hex(recorded.hash)}`,
      replayed: replayed ? `hash ${hex(replayed.hash)}` : other ? "absent" : `hash ${hex(hash)}`,
    };
    this.expectsValues = this.options.values !== undefined;
    await this.nameValues(this.difference);
  }

  /** A snapshot after the block where the core stands holds the recorded values themselves. */
  private async nameValues(difference: Difference): Promise<void> {
    const core = this.core();
    const stored = await this.options.values?.loadSnapshot({ block: this.lastBlock });
    if (stored?.block !== this.lastBlock || stored.sequence !== core.sequence) return;
    const recorded = savedArray(readSnapshot(stored.bytes), core, difference);
    for (const { actor, field, value } of core.registered()) {
      if (actor !== difference.actor || field !== difference.field || typeof value === "string" || !recorded)
        continue;
      const index = Array.from(value).findIndex((x, i) => !Object.is(x, recorded[i]));
      if (index < 0) continue;
      difference.index = index;
      difference.recorded = String(recorded[index]);
      difference.replayed = String(value[index]);
    }
    this.expectsValues = false;
  }
}

/** The core itself among the pieces of state. */
const CORE = "core";

/** The event without what counts the events of all actors. */
function unnumbered(event: EventMessage): EventMessage {
  return { ...event, sequence: 0, id: event.id.slice(0, event.id.lastIndexOf("/") + 1) };
}

function savedArray(saved: SavedCore, core: Core, { actor, field }: Difference): TypedArray | undefined {
  const savedActor = saved.actors.find(({ key }) => key === actor);
  if (savedActor) return field === "random" ? savedActor.random : savedActor.fields[field];
  const group = core.declarations().findIndex((each) => `${each.group}/front` === actor);
  return saved.groups[group]?.[field];
}

function eventDifference(
  partition: string,
  block: number,
  recorded: EventMessage | undefined,
  replayed: EventMessage | undefined,
): Difference | null {
  const one = (recorded ?? replayed)!;
  const base = {
    partition,
    block,
    input: Number(one.id.split("/").at(-2)),
    actor: one.actor,
    // 0 where events are compared without their numbers.
    index: one.sequence || -1,
  };
  if (!recorded) return { ...base, field: "event", recorded: "absent", replayed: one.kind };
  if (!replayed) return { ...base, field: "event", recorded: one.kind, replayed: "absent" };
  const fields = Object.keys(recorded) as (keyof EventMessage)[];
  const field = fields.find((name) => JSON.stringify(recorded[name]) !== JSON.stringify(replayed[name]));
  if (!field) return null;
  return {
    ...base,
    field: `event.${field}`,
    recorded: JSON.stringify(recorded[field]),
    replayed: JSON.stringify(replayed[field]),
  };
}
