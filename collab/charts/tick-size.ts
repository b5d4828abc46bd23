/**
 * How many decimals the values of a channel have, learnt from them: a price moves in steps, and is written in their digits.
 *
 * T1  One value with more digits changes nothing: MOSTLY of the values have no more than the number that is told.
 */

/** Values with more decimals are no steps. */
const MOST_DECIMALS = 8;
/** Fewer values say little. */
const FEWEST = 8;
const MOSTLY = 0.98;
/** The first values are all looked at, of later ones a share. */
const LEARNT_AT_ONCE = 1_024;
const LATER_EVERY = 16;

export class TickSize {
  readonly #counts = new Uint32Array(MOST_DECIMALS + 2);
  #seen = 0;
  #counted = 0;

  add(value: number): void {
    this.#seen++;
    if (this.#seen > LEARNT_AT_ONCE && this.#seen % LATER_EVERY !== 0) return;
    this.#counts[decimalsOf(value)]!++;
    this.#counted++;
  }

  /** Null: not known yet, or the values have no steps. */
  get decimals(): number | null {
    if (this.#counted < FEWEST) return null;
    let fit = 0;
    for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
      fit += this.#counts[decimals]!;
      if (fit >= MOSTLY * this.#counted) return decimals;
    }
    return null;
  }
}

/** MOST_DECIMALS + 1: more than that. */
export function decimalsOf(value: number): number {
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    const scaled = value * 10 ** decimals;
    // What a binary fraction loses of a decimal one.
    if (Math.abs(scaled - Math.round(scaled)) <= 1e-9 + 1e-12 * Math.abs(scaled)) return decimals;
  }
  return MOST_DECIMALS + 1;
}
