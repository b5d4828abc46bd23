/**
 * The bets of the collapse detector, and the change that each of them finds.
 *
 *   B1 energy   4 members  ‖y‖² scaled by s                         all channels vary more (s > 1) or less
 *   B2 pointer  8 members  share of the 1st and 2nd mode times θ     the group gathers on that mode (θ > 1) or leaves it
 *   B3 mean     6 members  y has a mean, average of 8/32/128, δ .5/1   levels drift
 *
 * Each family has a third of the weight. A single channel has no modes: the e-values of B2 are then 0.
 */
import exp from "@stdlib/math-base-special-exp";
import { BET_BINS, BetTable, betBinAt } from "../../kernels/bets.ts";
import { MEAN_BET_SHIFTS, MEAN_BET_WINDOWS } from "../../kernels/mean-bet.ts";

const ENERGY_SCALES: readonly number[] = [0.6, 0.8, 1.3, 1.8];
export const SHARE_FACTORS: readonly number[] = [0.4, 0.65, 1.5, 2.5];
export const MODES = 2;

export const ENERGY_AT = 0;
export const SHARE_AT = ENERGY_SCALES.length;
export const MEAN_AT = SHARE_AT + MODES * SHARE_FACTORS.length;
export const MEAN_MEMBERS = MEAN_BET_WINDOWS.length * MEAN_BET_SHIFTS.length;
export const MEMBERS = MEAN_AT + MEAN_MEMBERS;

export const WEIGHTS = Float64Array.from({ length: MEMBERS }, (_, m) => {
  if (m < SHARE_AT) return 1 / (3 * ENERGY_SCALES.length);
  if (m < MEAN_AT) return 1 / (3 * MODES * SHARE_FACTORS.length);
  return 1 / (3 * MEAN_MEMBERS);
});

/** e-values of one family by bin of p: that of member m in bin k is at m·BET_BINS + k. */
interface EValueTable {
  readonly members: number;
  readonly values: Float64Array;
}

/** Tables by number of channels. They are constants and take some ms to compute. */
const tables = new Map<number, { energy: EValueTable; share: EValueTable | null }>();

/** Tables for n whitened channels; a single channel has no shares. */
export function betTables(n: number): { energy: EValueTable; share: EValueTable | null } {
  let found = tables.get(n);
  if (!found) {
    found = {
      energy: eValues(new BetTable("energy", n, ENERGY_SCALES)),
      share: n > 1 ? eValues(new BetTable("share", n, SHARE_FACTORS)) : null,
    };
    tables.set(n, found);
  }
  return found;
}

function eValues(table: BetTable): EValueTable {
  return { members: table.parameters.length, values: table.logValues.map((logE) => exp(logE)) };
}

/** Writes e of every member for the p-value ps[i] to `out[at..]`. One logarithm. */
export function placeBet(
  table: EValueTable,
  ps: Float64Array,
  i: number,
  out: Float64Array,
  at: number,
): void {
  const bin = betBinAt(ps, i);
  for (let m = 0; m < table.members; m++) out[at + m] = table.values[m * BET_BINS + bin]!;
}

/** The kind of change that a member finds, as a number: energy up or down, share of a mode up or down, the mean. */
export function kindOf(member: number): number {
  if (member < SHARE_AT) return ENERGY_SCALES[member]! > 1 ? 1 : 0;
  if (member >= MEAN_AT) return 2;
  const k = member - SHARE_AT;
  const up = SHARE_FACTORS[k % SHARE_FACTORS.length]! > 1 ? 1 : 0;
  return 3 + 2 * Math.floor(k / SHARE_FACTORS.length) + up;
}

/** The mode, 0 or 1, whose share a member bets on; −1 for the others. */
export function modeOf(member: number): number {
  return member < SHARE_AT || member >= MEAN_AT ? -1 : Math.floor((member - SHARE_AT) / SHARE_FACTORS.length);
}

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
    const mode = modeOf(member) + 1;
    const factor = SHARE_FACTORS[(member - SHARE_AT) % SHARE_FACTORS.length]!;
    const which = mode === 1 ? "the common mode" : "the second mode";
    return {
      member: `mode ${mode} x${factor}`,
      change: factor > 1 ? `the channels gather on ${which}` : `${which} lost its weight`,
    };
  }
  const k = member - MEAN_AT;
  const window = MEAN_BET_WINDOWS[Math.floor(k / MEAN_BET_SHIFTS.length)]!;
  return { member: `mean over ${window}`, change: "the channels drift in one direction" };
}
