/**
 * Runs of the actors over several partitions, input by input, in the order (time, partition, place in the partition): total, and the same for
 * everybody. The run over one partition is its own.
 *
 *   p0  ─► next ─┐
 *   p1  ─► next ─┴─► the earliest, of equal ones that of the first partition ──step──► …
 */
import type { LoggedInput } from "../../../actors/mod.ts";
import type { Replayer } from "./replayer.ts";

export class MergedReplayer {
  /** In the order of the partitions. */
  readonly parts: readonly Replayer[];
  private readonly ended = new Set<Replayer>();

  constructor(parts: readonly Replayer[]) {
    this.parts = parts;
  }

  /** The partition of the next input; null while one has none at hand and is not at its end: then `fill` knows. Null at the end of all, too. */
  get nextPart(): number | null {
    let earliest: number | null = null;
    for (const [k, part] of this.parts.entries()) {
      const { next } = part;
      if (next === null && !this.ended.has(part)) return null;
      if (next === null) continue;
      if (earliest === null || next.timeUs < this.parts[earliest]!.next!.timeUs) earliest = k;
    }
    return earliest;
  }

  get next(): LoggedInput | null {
    const part = this.nextPart;
    return part === null ? null : this.parts[part]!.next;
  }

  /** Whether all partitions are known to be at their end. */
  get isOver(): boolean {
    return this.ended.size === this.parts.length;
  }

  /** Reads on where nothing is at hand; the next input, or null at the end. Rejects with the place of damage. */
  async fill(): Promise<LoggedInput | null> {
    for (const part of this.parts)
      if (part.next === null && (await part.fill()) === null) this.ended.add(part);
    return this.next;
  }

  /** Applies `next`; returns its type. */
  step(): ReturnType<Replayer["step"]> {
    return this.parts[this.nextPart!]!.step();
  }

  /** Logical time of the furthest. */
  get nowUs(): number {
    return Math.max(...this.parts.map(({ core }) => core.now));
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.close()));
  }
}
