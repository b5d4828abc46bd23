/**
 * Compares a replay with what was recorded: the events of each block, the state hash at each checkpoint. It observes the fold.
 *
 *   same ──first difference──► different (fold on to the next snapshot, to name index and values) ──► reported
 *
 * V1  Only the first difference counts: everything after it may follow from it.
 * V2  Events that were derived and not recorded are a difference. The last block may lack its record: the writer was stopped, or killed.
 * V3  In a recording that is being written, a block's events are recorded before the next block, so that a missing record is found
 *     there. Blocks up to `settledFrom` are excepted: a crash may have swallowed their records, and the recovery writes them later.
 */
import type { Core } from "../../../actors/core/mod.ts";
import { hex, readSnapshot, type SavedCore } from "../../../actors/core/mod.ts";
import type { FoldObserver } from "../../../actors/mod.ts";
import type { TypedArray } from "../../../actors/ports/detector.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { DecodedBlock } from "../../../protocol/block.ts";
import type { Checkpoint, EventMessage } from "../../../protocol/messages.ts";

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
  /** Its snapshots hold recorded values. Absent: a difference of state is named by its hash. */
  readonly values?: Pick<Journal, "loadSnapshot">;
  /** The recording is being written: the last block that it had at the start (V3). */
  readonly settledFrom?: number;
}

export class Verifier implements FoldObserver {
  difference: Difference | null = null;
  /** `otherVersion`: checkpoints whose hashes are of another state version and say nothing about this one. */
  readonly compared = { checkpoints: 0, otherVersion: 0, derived: 0 };
  /** The last block of the fold. */
  lastBlock = 0;
  private readonly core: () => Core;
  private readonly options: VerifierOptions;
  private readonly eventsByBlock = new Map<number, EventMessage[]>();
  /** The state differs, but only hashes are known so far: the next snapshot holds values. */
  private expectsValues = false;

  /** `core`: the one that the fold drives. */
  constructor(core: () => Core, options: VerifierOptions = {}) {
    this.core = core;
    this.options = options;
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
    this.lastBlock = number;
    if (number > (this.options.settledFrom ?? Number.POSITIVE_INFINITY)) this.finish();
    return !this.done;
  }

  derived(block: number, recorded: EventMessage[]): boolean {
    const replayed = this.eventsByBlock.get(block) ?? [];
    this.eventsByBlock.delete(block);
    if (this.difference) return !this.done;
    this.compared.derived++;
    for (let i = 0; i < Math.max(recorded.length, replayed.length); i++) {
      this.difference ??= eventDifference(this.core().partition, block, recorded[i], replayed[i]);
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
    for (const [block, events] of this.eventsByBlock) {
      if (block >= this.lastBlock) continue;
      this.difference = eventDifference(this.core().partition, block, undefined, events[0]);
      return;
    }
  }

  private async compareState(recorded: Checkpoint): Promise<void> {
    const core = this.core();
    // A checkpoint belongs to the state right after its block; one that was recorded later cannot be compared.
    if (recorded.block !== this.lastBlock || recorded.sequence !== core.sequence) return;
    const { stateVersion, hash, parts } = core.hash();
    if ((recorded.stateVersion ?? 1) !== stateVersion) {
      this.compared.otherVersion++;
      return;
    }
    this.compared.checkpoints++;
    if (hex(hash) === hex(recorded.hash)) return;
    const replayedByName = new Map(parts.map((part) => [`${part.actor}.${part.field}`, part]));
    const other = recorded.parts.find((part) => {
      const replayed = replayedByName.get(`${part.actor}.${part.field}`);
      return !replayed || hex(replayed.hash) !== hex(part.hash);
    });
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
    index: one.sequence,
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
