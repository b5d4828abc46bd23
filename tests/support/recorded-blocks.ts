/** What stands in a recording, taken apart for tests to look at; and a copy of it in memory that lacks some of it. */
import { readSnapshot, writeSnapshot } from "../../actors/core/snapshot.ts";
import { createMemoryJournal, openRecording } from "../../actors/mod.ts";
import type { Journal, StoredSnapshot } from "../../actors/ports/journal.ts";
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import type { EventMessage, Input } from "../../protocol/messages.ts";

export interface Block {
  number: number;
  hash: string;
  firstSequence: number;
  lastSequence: number;
  inputs: { sequence: number; timeUs: number; input: Input }[];
}

/** The recording in memory, with some of what can be derived again left out; snapshots from a time on are of no use to this program. */
export async function copied(
  directory: string,
  {
    notes,
    snapshots,
    foreignFrom = Number.POSITIVE_INFINITY,
  }: { notes: "none" | "half" | "late"; snapshots: boolean; foreignFrom?: number },
): Promise<Journal> {
  const from = await openRecording(directory);
  const to = createMemoryJournal({ retainBytes: 1e9 });
  const late: Parameters<Journal["appendDerived"]>[0][] = [];
  for await (const entry of from.read()) {
    if (entry.kind === "block") {
      await to.append(entry.block);
      const stored = snapshots ? await from.loadSnapshot({ block: entry.block.number }) : null;
      if (stored?.block === entry.block.number)
        await to.saveSnapshot(stored.block, stored.timeUs, stored.sequence, stateOf(stored, foreignFrom));
      if (late.length > 4) for (const note of late.splice(0)) to.appendDerived(note);
    } else if (entry.kind === "derived" && notes === "late") late.push(entry);
    else if (entry.kind === "derived" && notes === "half" && entry.block % 2 === 0) to.appendDerived(entry);
  }
  for (const note of late) to.appendDerived(note);
  await from.close();
  return to;
}

function stateOf({ bytes, timeUs }: StoredSnapshot, foreignFrom: number): Uint8Array {
  return timeUs < foreignFrom ? bytes : writeSnapshot({ ...readSnapshot(bytes), actors: [] });
}

export async function blocksOf(directory: string): Promise<Block[]> {
  const journal = await openRecording(directory);
  const found: Block[] = [];
  for await (const entry of journal.read()) {
    if (entry.kind !== "block") continue;
    const { number, firstSequence, lastSequence, hash, bytes } = entry.block;
    const inputs: Block["inputs"] = [];
    decodeBlock(bytes).forEach((sequence, timeUs, message) => {
      inputs.push({ sequence, timeUs, input: decodeMessage(message) as Input });
    });
    found.push({ number, hash: Buffer.from(hash).toString("hex"), firstSequence, lastSequence, inputs });
  }
  await journal.close();
  return found;
}

export async function inputsOf(directory: string): Promise<Block["inputs"]> {
  return (await blocksOf(directory)).flatMap(({ inputs }) => inputs);
}

export async function eventsOf(directory: string): Promise<EventMessage[]> {
  const journal = await openRecording(directory);
  const found: EventMessage[] = [];
  for await (const entry of journal.read())
    if (entry.kind === "derived") found.push(...decodeDerived(entry.bytes).events);
  await journal.close();
  return found;
}

/** Samples behind an input by the names of their channels, as declared when they came. */
export function samplesIn(
  inputs: Block["inputs"],
  from: number,
  declared: Map<string, string[]> = new Map(),
) {
  const samples: { group: string; channel: string; timeUs: number; value: number }[] = [];
  for (const { sequence, input } of inputs) {
    if (input.type === "channels")
      declared.set(
        input.group,
        input.channels.map(({ name }) => name),
      );
    if (input.type !== "frame" || sequence < from) continue;
    for (let k = 0; k < input.count; k++) {
      const channel = declared.get(input.group)![input.channel[k]!]!;
      samples.push({ group: input.group, channel, timeUs: input.time[k]!, value: input.value[k]! });
    }
  }
  return samples;
}
