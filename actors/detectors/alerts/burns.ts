/** What was counted for the objectives among the thresholds: kept state, by the id of the threshold. */
import type { Threshold } from "../../../protocol/alert-commands.ts";
import type { KeptState } from "../../ports/detector.ts";
import { BurnRate, type SavedBurn } from "./burn-rate.ts";

export type Objective = NonNullable<Threshold["objective"]>;

const SECOND_US = 1_000_000;

export class Burns implements KeptState {
  private readonly rates = new Map<string, BurnRate>();
  private readonly restored = new Map<string, SavedBurn>();

  /** Goes on where it was, also after a restart. */
  of(id: string, { percent, windowSeconds }: Objective): BurnRate {
    const known = this.rates.get(id);
    if (known !== undefined) return known;
    const made = new BurnRate(percent, windowSeconds * SECOND_US, this.restored.get(id));
    this.restored.delete(id);
    this.rates.set(id, made);
    return made;
  }

  /** The threshold was removed or set anew. */
  forget(id: string): void {
    this.rates.delete(id);
    this.restored.delete(id);
  }

  text(): string {
    const all = [...this.restored, ...[...this.rates].map(([id, { saved }]) => [id, saved] as const)];
    // One that has counted nothing is as if it were not made yet.
    const counted = all.filter(([, { newest }]) => newest >= 0);
    counted.sort(([a], [b]) => (a < b ? -1 : 1));
    return counted.length === 0 ? "" : JSON.stringify(counted);
  }

  save(): Uint8Array {
    return new TextEncoder().encode(this.text());
  }

  restore(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    this.rates.clear();
    this.restored.clear();
    if (text === "") return;
    for (const [id, saved] of JSON.parse(text) as [string, SavedBurn][]) this.restored.set(id, saved);
  }
}
