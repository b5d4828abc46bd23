/**
 * The bets of the collapse detector and what each of them means.
 *
 *   B1 energy   4 members  ‖y‖² scaled by s                         all channels vary more (s > 1) or less
 *   B2 pointer  8 members  share of the 1st and 2nd mode times θ     the group gathers on that mode (θ > 1) or leaves it
 *   B3 mean     6 members  y has a mean, EWMA 8/32/128, λ .5/1       levels drift
 *
 * Each family has a third of the weight. A single channel has no modes: there B2 stays out (its e-values are 0).
 */
import { BetTable } from "../kernels/bets.ts";

export const ENERGY_SCALES: readonly number[] = [0.6, 0.8, 1.3, 1.8];
export const SHARE_FACTORS: readonly number[] = [0.4, 0.65, 1.5, 2.5];
export const MODES = 2;

export const ENERGY_AT = 0;
export const SHARE_AT = ENERGY_SCALES.length;
export const MEAN_AT = SHARE_AT + MODES * SHARE_FACTORS.length;
export const MEAN_MEMBERS = 6;
export const MEMBERS = MEAN_AT + MEAN_MEMBERS;

export const WEIGHTS = Float64Array.from({ length: MEMBERS }, (_, m) => {
  if (m < SHARE_AT) return 1 / (3 * ENERGY_SCALES.length);
  if (m < MEAN_AT) return 1 / (3 * MODES * SHARE_FACTORS.length);
  return 1 / (3 * MEAN_MEMBERS);
});

/** Tables are constants of the number of channels and cost some ms: made once for each number. */
const tables = new Map<number, { energy: BetTable; share: BetTable | null }>();

export function betTables(n: number): { energy: BetTable; share: BetTable | null } {
  let found = tables.get(n);
  if (!found) {
    found = {
      energy: new BetTable("energy", "real", n, ENERGY_SCALES),
      share: n > 1 ? new BetTable("share", "real", n, SHARE_FACTORS) : null,
    };
    tables.set(n, found);
  }
  return found;
}

const MEAN_WINDOWS = [8, 32, 128];
const MEAN_FRACTIONS = [0.5, 1];

/** Name of a member, and the change it found, in words. */
export function memberName(member: number): { member: string; change: string } {
  if (member < SHARE_AT) {
    const scale = ENERGY_SCALES[member]!;
    return {
      member: `energy x${scale}`,
      change: scale > 1 ? "the channels move more than before" : "the channels move less than before",
    };
  }
  if (member < MEAN_AT) {
    const k = member - SHARE_AT;
    const mode = Math.floor(k / SHARE_FACTORS.length) + 1;
    const factor = SHARE_FACTORS[k % SHARE_FACTORS.length]!;
    const which = mode === 1 ? "the common mode" : "the second mode";
    return {
      member: `mode ${mode} x${factor}`,
      change: factor > 1 ? `the channels gather on ${which}` : `${which} lost its weight`,
    };
  }
  const k = member - MEAN_AT;
  const window = MEAN_WINDOWS[Math.floor(k / MEAN_FRACTIONS.length)]!;
  return { member: `mean over ${window}`, change: "the channels drift in one direction" };
}
