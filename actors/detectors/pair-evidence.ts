/**
 * Evidence that pairs of channels keep a phase to each other, and later that they no longer do.
 *
 *   u_t  a bounded complex number per pair and step, whose mean given the past is 0 while the two channels have nothing to do with each other
 *
 *   off  û  = running mean of u, one a member             e = 1 + Re(u s*),        s = û / variance, |s| ≤ cap        ─ M ≥ A ─► on
 *   on   x  = Re(u d*), d the direction of the longest û              e = 1 + λ (½ usual − x)                                     ─ M ≥ A ─► off
 *
 * Both are CUSUM mixtures of bets that have mean ≤ 1, the first while u has mean 0, the second while a pair keeps at least half of what it
 * usually has. So the mean number of steps before a false change of one pair is at least A, whatever the law of u. û, d and the usual size
 * are of the steps before. A pair that was switched on and since then has no more than chance is switched off. A member that rotates predicts û·r/|r|, r the mean of u_t u*_{t−1}: a phase that advances steadily, a beat.
 *
 * Source: Shin, Ramdas & Rinaldo 2022 (e-detectors); betting on bounded means: Waudby-Smith & Ramdas 2023.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Fields } from "../ports/detector.ts";
import type { PairSwitches } from "./pair-news.ts";

export interface PairBet {
  /** Steps that û remembers. */
  readonly window: number;
  readonly rotates: boolean;
}

export interface PairBetting {
  /** Those that rotate, and those that do not, each by growing window. */
  readonly members: readonly PairBet[];
  /** Largest |u|, and its variance along a direction while its mean is 0. */
  readonly bound: number;
  readonly variance: number;
}

/** A stake leaves at least this share of the wealth. */
const LEAST_WEALTH = 0.1;
/** Longest windows after which a pair must have shown more than one standard error. */
const PATIENCE = 8;
/** M that says little: chance reaches it now and then. */
const CALM = 8;
/** Steps that the usual size of a pair remembers: a slow loss must not become usual before it is found. */
const USUAL_STEPS = 4096;

export class PairEvidence implements PairSwitches {
  readonly fields: Fields;
  readonly changed: Uint32Array;
  readonly evidence: Float64Array;
  readonly rose: Float64Array;
  changes = 0;
  private readonly betting: PairBetting;
  private readonly pairs: number;
  private readonly perVariance: number;
  private readonly cap: number;
  private readonly longest: number;
  /** Of the members that rotate, and of those that do not, the one whose û varies least. */
  private readonly steadiest: Uint8Array;
  /** Of each pair: whether it is on, the member that found it, its usual Re(u d*), known u since it switched, and the last step with M ≤ CALM. */
  private readonly on: Uint8Array;
  private readonly leader: Uint8Array;
  private readonly usual: Float64Array;
  private readonly seen: Float64Array;
  private readonly calm: Float64Array;
  /** û, r and M, member by member, pair by pair; and u of the step before. */
  private readonly meanRe: Float64Array;
  private readonly meanIm: Float64Array;
  private readonly turnRe: Float64Array;
  private readonly turnIm: Float64Array;
  private readonly m: Float64Array;
  private readonly before: Float64Array;
  private readonly steps_ = new Float64Array(1);
  /** Known u of each pair. */
  private readonly known: Float64Array;
  /** Of pairs that are on: ½ usual − x. M of the mixture, times the members. */
  private readonly drop: Float64Array;
  private readonly mixed: Float64Array;

  constructor(pairs: number, betting: PairBetting) {
    const { members, bound, variance } = betting;
    const all = members.length * pairs;
    const turns = members.some(({ rotates }) => rotates);
    this.betting = betting;
    this.pairs = pairs;
    this.perVariance = 1 / variance;
    this.longest = Math.max(...members.map(({ window }) => window));
    const last = members.map(({ rotates }) => members.findLastIndex((other) => other.rotates === rotates));
    this.steadiest = Uint8Array.from(new Set(last));
    this.cap = (1 - LEAST_WEALTH) / bound;
    this.changed = new Uint32Array(pairs);
    this.evidence = new Float64Array(pairs);
    this.rose = new Float64Array(pairs);
    this.on = new Uint8Array(pairs);
    this.leader = new Uint8Array(pairs);
    this.usual = new Float64Array(pairs);
    this.seen = new Float64Array(pairs);
    this.known = new Float64Array(pairs);
    this.calm = new Float64Array(pairs);
    this.meanRe = new Float64Array(all);
    this.meanIm = new Float64Array(all);
    this.turnRe = new Float64Array(turns ? all : 0);
    this.turnIm = new Float64Array(turns ? all : 0);
    this.m = new Float64Array(all);
    this.before = new Float64Array(turns ? 2 * pairs : 0);
    this.drop = new Float64Array(pairs);
    this.mixed = new Float64Array(pairs);
    const { on, leader, usual, seen, calm, meanRe, meanIm, turnRe, turnIm, m, before, steps_ } = this;
    this.fields = {
      on,
      leader,
      usual,
      seen,
      calm,
      meanRe,
      meanIm,
      turnRe,
      turnIm,
      m,
      before,
      steps: steps_,
      known: this.known,
    };
  }

  get steps(): number {
    return this.steps_[0]!;
  }

  isOn(k: number): boolean {
    return this.on[k] === 1;
  }

  knownOf(k: number): number {
    return this.known[k]!;
  }

  /** The member that switched pair k last. */
  leaderOf(k: number): number {
    return this.leader[k]!;
  }

  /** û of a member of pair k into out[0] + i·out[1]. */
  meanOf(k: number, member: number, out: Float64Array): void {
    out[0] = this.meanRe[member * this.pairs + k]!;
    out[1] = this.meanIm[member * this.pairs + k]!;
  }

  /** Mean of u_t u*_{t−1} as a member that rotates remembers it: its angle is the advance of the phase in a step. */
  turnOf(k: number, member: number, out: Float64Array): void {
    out[0] = this.turnRe[member * this.pairs + k]!;
    out[1] = this.turnIm[member * this.pairs + k]!;
  }

  /**
   * Takes u of every pair, complex numbers one after the other; 0 for a pair of which nothing is known: it then stays as it is, and only a phase
   * that turns is carried on. `alarmAt`: A. O(pairs × members), without allocation.
   */
  update(u: Float64Array, alarmAt: number): void {
    const { pairs, betting, mixed, calm, known } = this;
    const members = betting.members.length;
    const step = this.steps_[0]! + 1;
    this.steps_[0] = step;
    this.changes = 0;
    for (let member = 0; member < members; member++)
      if (betting.members[member]!.rotates) this.rotate(member, u);
    this.seeDrops(u);
    mixed.fill(0);
    for (let member = 0; member < members; member++) this.bet(member, u);
    if (this.before.length > 0) this.before.set(u);
    for (let k = 0; k < pairs; k++) {
      if (u[2 * k] !== 0 || u[2 * k + 1] !== 0) known[k] = known[k]! + 1;
      if (mixed[k]! <= CALM * members) calm[k] = step;
      if (mixed[k]! >= members * alarmAt || this.isSpent(k)) this.change(k);
    }
  }

  /** Whether what pair k had in common since it is on is no more than chance: that was an alarm of chance, or is gone. */
  private isSpent(k: number): boolean {
    const seen = this.seen[k]!;
    if (this.on[k] === 0 || seen < PATIENCE * this.longest) return false;
    return this.usual[k]! * Math.sqrt(this.perVariance * Math.min(USUAL_STEPS, seen)) < 1;
  }

  /** Writes ½ usual − x of the pairs that are on, then learns what is usual. */
  private seeDrops(u: Float64Array): void {
    const { pairs, on, usual, seen, meanRe, meanIm, drop, steadiest } = this;
    for (let k = 0; k < pairs; k++) {
      if (on[k] === 0 || (u[2 * k] === 0 && u[2 * k + 1] === 0)) continue;
      let x = 0;
      let longest = 0;
      for (let s = 0; s < steadiest.length; s++) {
        const at = steadiest[s]! * pairs + k;
        const re = meanRe[at]!;
        const im = meanIm[at]!;
        const size = Math.sqrt(re * re + im * im);
        if (!(size > longest)) continue;
        longest = size;
        x = (u[2 * k]! * re + u[2 * k + 1]! * im) / size;
      }
      drop[k] = usual[k]! / 2 - x;
      // From 0 on: what was found by a large mean is smaller than that.
      seen[k] = seen[k]! + 1;
      usual[k] = Math.max(0, usual[k]! + (x - usual[k]!) / Math.min(USUAL_STEPS, this.longest + seen[k]!));
    }
  }

  /** M of one member, and û after it. */
  private bet(member: number, u: Float64Array): void {
    const { pairs, cap, perVariance, on, usual, drop, meanRe, meanIm, m, mixed } = this;
    const weight = 1 / this.betting.members[member]!.window;
    const lossStake = perVariance / (2 << member);
    const most = cap / perVariance;
    for (let k = 0, at = member * pairs; k < pairs; k++, at++) {
      const a = u[2 * k]!;
      const b = u[2 * k + 1]!;
      if (a === 0 && b === 0) {
        mixed[k] = mixed[k]! + m[at]!;
        continue;
      }
      const re = meanRe[at]!;
      const im = meanIm[at]!;
      let gain: number;
      if (on[k] === 1) gain = Math.min(cap, lossStake * usual[k]!) * drop[k]!;
      else {
        const size2 = re * re + im * im;
        gain = (size2 > most * most ? cap / Math.sqrt(size2) : perVariance) * (a * re + b * im);
      }
      const after = (1 + gain) * Math.max(1, m[at]!);
      m[at] = after;
      mixed[k] = mixed[k]! + after;
      meanRe[at] = re + weight * (a - re);
      meanIm[at] = im + weight * (b - im);
    }
  }

  /** Turns û of a member as the phase usually advances in a step, then learns that advance. */
  private rotate(member: number, u: Float64Array): void {
    const { pairs, meanRe, meanIm, turnRe, turnIm, before } = this;
    const weight = 1 / this.betting.members[member]!.window;
    for (let k = 0, at = member * pairs; k < pairs; k++, at++) {
      const c = turnRe[at]!;
      const s = turnIm[at]!;
      const size = Math.sqrt(c * c + s * s);
      if (size > 0) {
        const re = meanRe[at]!;
        const im = meanIm[at]!;
        meanRe[at] = (re * c - im * s) / size;
        meanIm[at] = (re * s + im * c) / size;
      }
      const a = u[2 * k]!;
      const b = u[2 * k + 1]!;
      const p = before[2 * k]!;
      const q = before[2 * k + 1]!;
      if ((a === 0 && b === 0) || (p === 0 && q === 0)) continue;
      turnRe[at] = c + weight * (a * p + b * q - c);
      turnIm[at] = s + weight * (b * p - a * q - s);
    }
  }

  private change(k: number): void {
    const { pairs, on, leader, usual, seen, m, mixed, calm } = this;
    const members = this.betting.members.length;
    this.changed[this.changes] = k;
    this.rose[this.changes] = calm[k]!;
    this.evidence[this.changes++] = ln(Math.max(1, mixed[k]! / members));
    on[k] = 1 - on[k]!;
    let best = 0;
    for (let member = 1; member < members; member++)
      if (m[member * pairs + k]! > m[best * pairs + k]!) best = member;
    leader[k] = best;
    usual[k] = 0;
    seen[k] = 0;
    for (let member = 0; member < members; member++) m[member * pairs + k] = 0;
    calm[k] = this.steps;
  }
}
