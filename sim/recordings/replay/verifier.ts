/**
 * Compares a replay with what was recorded: events of each block, state hashes at each checkpoint.
 *
 *   same ──first difference──► different (fold on to the next snapshot, to name index and values) ──► reported
 *
 * Only the first difference counts: everything after it may follow from it.
 */
import { type Core, hex, readSnapshot, type SavedCore } from "../../../actors/core/mod.ts";
import type { TypedArray } from "../../../actors/ports/detector.ts";
import type { Journal, JournalEntry } from "../../../actors/ports/journal.ts";
import { decodeCheckpoint, decodeDerived } from "../../../protocol/block.ts";
import type { EventMessage } from "../../../protocol/messages.ts";

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

export class Verifier {
  difference: Difference | null = null;
  readonly compared = { checkpoints: 0, derived: 0 };
  private readonly journal: Pick<Journal, "loadSnapshot">;
  private derivedByBlock = new Map<number, EventMessage[]>();
  private lastBlock = 0;
  /** The state differs, but only hashes are known so far: the next snapshot holds values. */
  private valuesWanted = false;

  /** The journal's snapshots hold recorded values. */
  constructor(journal: Pick<Journal, "loadSnapshot">) {
    this.journal = journal;
  }

  /** True when a difference was found and nothing more is to be said about it. */
  get done(): boolean {
    return this.difference !== null && !this.valuesWanted;
  }

  derived(block: number, event: EventMessage): void {
    const events = this.derivedByBlock.get(block);
    if (events) events.push(event);
    else this.derivedByBlock.set(block, [event]);
  }

  /** Passes entries on and compares each note with the core as it stands then. Ends at the first difference. */
  async *watch(entries: AsyncIterable<JournalEntry>, core: Core): AsyncGenerator<JournalEntry> {
    for await (const entry of entries) {
      if (entry.kind === "block") this.lastBlock = entry.block.number;
      if (this.difference) {
        if (entry.kind === "checkpoint") await this.nameValues(core, this.difference);
      } else if (entry.kind === "derived") this.compareEvents(entry.block, entry.bytes, core);
      else if (entry.kind === "checkpoint") await this.compareState(entry.bytes, core);
      if (this.done) return;
      yield entry;
    }
  }

  /** After the fold: events that the recording does not have. The block it ended in or at may lack its note: stopped, or killed. */
  async finish(core: Core): Promise<void> {
    if (this.difference) return;
    for (const [block, events] of this.derivedByBlock) {
      if (block >= this.lastBlock) continue;
      this.difference = eventDifference(core.partition, block, undefined, events[0]);
      return;
    }
  }

  private compareEvents(block: number, bytes: Uint8Array, core: Core): void {
    const recorded = decodeDerived(bytes).events;
    const replayed = this.derivedByBlock.get(block) ?? [];
    this.derivedByBlock.delete(block);
    this.compared.derived++;
    for (let i = 0; i < Math.max(recorded.length, replayed.length); i++) {
      this.difference ??= eventDifference(core.partition, block, recorded[i], replayed[i]);
    }
  }

  private async compareState(bytes: Uint8Array, core: Core): Promise<void> {
    const recorded = decodeCheckpoint(bytes);
    // A checkpoint belongs to the state right after its block; one that was noted later cannot be compared.
    if (recorded.block !== this.lastBlock || recorded.sequence !== core.sequence) return;
    this.compared.checkpoints++;
    const { hash, parts } = core.hash();
    if (hex(hash) === hex(recorded.hash)) return;
    const names = new Map(parts.map((part) => [`${part.actor}.${part.field}`, part]));
    const other = recorded.parts.find((part) => {
      const mine = names.get(`${part.actor}.${part.field}`);
      return !mine || hex(mine.hash) !== hex(part.hash);
    });
    const mine = other && names.get(`${other.actor}.${other.field}`);
    this.difference = {
      partition: core.partition,
      block: recorded.block,
      input: recorded.sequence,
      actor: other?.actor ?? "core",
      field: other?.field ?? "registered state",
      index: -1,
      recorded: other ? `hash ${hex(other.hash)}` : `hash ${hex(recorded.hash)}`,
      replayed: mine ? `hash ${hex(mine.hash)}` : other ? "absent" : `hash ${hex(hash)}`,
    };
    this.valuesWanted = true;
    await this.nameValues(core, this.difference);
  }

  /** A snapshot of the block that the core stands behind holds the recorded values themselves. */
  private async nameValues(core: Core, difference: Difference): Promise<void> {
    const stored = await this.journal.loadSnapshot({ block: this.lastBlock });
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
    this.valuesWanted = false;
  }
}

function savedArray(saved: SavedCore, core: Core, { actor, field }: Difference): TypedArray | undefined {
  const cell = saved.cells.find((candidate) => candidate.key === actor);
  if (cell) return field === "random" ? cell.random : cell.fields[field];
  const front = core.declarations().findIndex(({ group }) => `${group}/front` === actor);
  return saved.fronts[front]?.[field];
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
