/** A running partition for tests: of all actors, on the system's clock, with its log in memory, unless a test says otherwise. */
import { systemClock } from "../../actors/clock.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { Partition, type PartitionOptions } from "../../actors/partition/partition.ts";
import { SYSTEM } from "../../actors/system.ts";
import { defaultSettings } from "../../protocol/settings.ts";

export function openPartition(options: Partial<PartitionOptions> = {}): Promise<Partition> {
  return Partition.open({
    session: "test",
    partition: "p0",
    journal: options.journal ?? createMemoryJournal({}),
    clock: systemClock,
    settings: defaultSettings(),
    definitions: SYSTEM,
    versions: {},
    recording: null,
    log: () => {},
    ...options,
  });
}
