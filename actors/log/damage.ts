/**
 * What is wrong with a log, as errors that name the place. One rule holds for every reader:
 *
 * D1  Damage ends reading with RecordingDamaged: file, offset, reason. No reader skips it silently.
 * D2  Blocks that do not follow one another end reading with ChainBroken.
 * D3  A reader that can continue without the damaged part says so: `undamaged(entries, passOver)` gives each damaged stretch to `passOver`.
 *
 * Both errors are of kind "failed": the program ends with exit code 1.
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { JournalEntry } from "../ports/journal.ts";

export type JournalDamage = Extract<JournalEntry, { kind: "damage" }>;
export type SoundEntry = Exclude<JournalEntry, JournalDamage>;

export class RecordingDamaged extends EigenwatchError {
  override readonly name = "RecordingDamaged";

  constructor(damage: Omit<JournalDamage, "kind">, options?: ErrorOptions) {
    super({ action: "read the log", value: damageLine(damage), kind: "failed" }, options);
  }
}

export class ChainBroken extends EigenwatchError {
  override readonly name = "ChainBroken";

  constructor(block: number, value: string, expected: string) {
    super({ action: `follow the chain at block ${block}`, value, expected, kind: "failed" });
  }
}

/** One damaged stretch as text for people. */
export function damageLine({ file, offset, length, reason }: Omit<JournalDamage, "kind">): string {
  return `damaged: ${file} at byte ${offset}, ${length} bytes: ${reason}`;
}

/** The entries without damage: each damaged stretch goes to `passOver`, which throws by default. */
export async function* undamaged(
  entries: AsyncIterable<JournalEntry>,
  passOver: (damage: JournalDamage) => void = refuse,
): AsyncGenerator<SoundEntry> {
  for await (const entry of entries) {
    if (entry.kind === "damage") passOver(entry);
    else yield entry;
  }
}

function refuse(damage: JournalDamage): never {
  throw new RecordingDamaged(damage);
}
