/**
 * A partition's core from its journal: newest usable snapshot, then the tail.
 *
 * V1  The core stands exactly behind the last durable block.
 * V2  Events of the tail are derived again; a note that the crash swallowed is written again.
 */

import { encodeDerived } from "../../protocol/block.ts";
import type { EventMessage, StateMessage } from "../../protocol/messages.ts";
import { Core, type CoreDefinitions, type CoreSink, SILENT } from "../core/core.ts";
import { foldJournal } from "../log/fold.ts";
import type { Journal } from "../ports/journal.ts";

export interface Recovered {
  core: Core;
  /** Hash of the last block, or null for an empty journal. */
  lastHash: Uint8Array | null;
  /** Events of the tail, oldest first. */
  events: EventMessage[];
  /** From now on the core's outputs go to `sink`. */
  attach(sink: CoreSink): void;
}

export async function recover(
  journal: Journal,
  definitions: CoreDefinitions,
  log: (message: string) => void,
): Promise<Recovered> {
  const sink = new SwitchableSink();
  const { last } = journal;
  const core = await newestCore(journal, definitions, sink, log);
  const noted = new Set<number>();
  const derived = new Map<number, EventMessage[]>();
  let block = 0;
  sink.target = {
    unread: true,
    event(event) {
      derived.set(block, [...(derived.get(block) ?? []), event]);
    },
    state() {},
    metrics() {},
  };
  if (last) {
    const startBlock = core.snapshotBlock + 1;
    await foldJournal(journal.read(startBlock), core.core, {
      block(decoded) {
        block = decoded.number;
        return true;
      },
      derived(of) {
        noted.add(of);
      },
    });
  }
  for (const [number, events] of derived) {
    if (!noted.has(number))
      journal.note({ kind: "derived", block: number, bytes: encodeDerived(number, events) });
  }
  return {
    core: core.core,
    lastHash: last?.hash ?? null,
    events: [...derived.values()].flat(),
    attach(target) {
      sink.target = target;
    },
  };
}

/** Restores the newest snapshot that this version of the program can use; older ones are tried in turn. */
async function newestCore(
  journal: Journal,
  definitions: CoreDefinitions,
  sink: CoreSink,
  log: (message: string) => void,
): Promise<{ core: Core; snapshotBlock: number }> {
  let before = journal.last?.number ?? 0;
  while (before > 0) {
    const stored = await journal.loadSnapshot({ block: before });
    if (!stored) break;
    try {
      return { core: Core.restore(stored.bytes, definitions, sink), snapshotBlock: stored.block };
    } catch (error) {
      log(`snapshot of block ${stored.block} is not usable, trying an older one: ${String(error)}`);
      before = stored.block - 1;
    }
  }
  const first = journal.first?.number ?? 1;
  if (first > 1) {
    throw new Error(
      `Cannot recover: blocks before ${first} are gone; expected a usable snapshot behind them`,
    );
  }
  return { core: new Core(definitions, sink), snapshotBlock: 0 };
}

class SwitchableSink implements CoreSink {
  target: CoreSink = SILENT;
  get unread(): boolean {
    return this.target.unread === true;
  }
  event(event: EventMessage): void {
    this.target.event(event);
  }
  state(state: StateMessage): void {
    this.target.state(state);
  }
  metrics(timeUs: number): void {
    this.target.metrics(timeUs);
  }
}
