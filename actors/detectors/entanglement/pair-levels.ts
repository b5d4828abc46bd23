/**
 * Which pairs of whole states are concurrent. Nothing is estimated, so that levels decide:
 *
 *   2|ρ_ij|, averaged over MEMORY_STATES ─► above BEGINS: on ─► below CEASES: off
 */
import { float64Column } from "../../../protocol/columns.ts";
import type { DensityMatrix, StateVector } from "../../../protocol/messages.ts";
import { concurrence } from "../../kernels/pair.ts";
import type { Fields } from "../../ports/detector.ts";
import type { PairSwitches } from "../pair-news.ts";
import { pairsOf } from "../pairs.ts";

/** Averaged concurrence, between which nothing changes. */
const BEGINS = 0.1;
const CEASES = 0.05;
const MEMORY_STATES = 16;

export class PairLevels implements PairSwitches {
  readonly fields: Fields;
  readonly changed: Uint32Array;
  /** By how much the mean moved since the level that it left. */
  readonly evidence: Float64Array;
  readonly rose: Float64Array;
  changes = 0;
  private readonly n: number;
  private readonly mean: Float64Array;
  private readonly on: Uint8Array;
  private readonly steps_ = new Float64Array(1);

  /** Of `n` levels. */
  constructor(n: number) {
    const pairs = pairsOf(n);
    this.n = n;
    this.changed = new Uint32Array(pairs);
    this.evidence = new Float64Array(pairs);
    this.rose = new Float64Array(pairs);
    this.mean = new Float64Array(pairs);
    this.on = new Uint8Array(pairs);
    this.fields = { mean: this.mean, on: this.on, steps: this.steps_ };
  }

  get steps(): number {
    return this.steps_[0]!;
  }

  isOn(k: number): boolean {
    return this.on[k] === 1;
  }

  knownOf(): number {
    return this.steps;
  }

  /** Averaged concurrence of pair k. */
  concurrenceOf(k: number): number {
    return this.mean[k]!;
  }

  /** Takes a state of n levels. O(n²). */
  update(input: DensityMatrix | StateVector): void {
    const { n, mean } = this;
    const re = float64Column(input.re);
    const im = float64Column(input.im);
    const isVector = input.type === "stateVector";
    this.steps_[0] = this.steps_[0]! + 1;
    this.changes = 0;
    for (let i = 1, k = 0; i < n; i++)
      for (let j = 0; j < i; j++, k++) {
        const latest = isVector
          ? 2 * Math.sqrt((re[i]! * re[i]! + im[i]! * im[i]!) * (re[j]! * re[j]! + im[j]! * im[j]!))
          : concurrence(n, re, im, i, j);
        mean[k] = mean[k]! + (latest - mean[k]!) / MEMORY_STATES;
        this.judge(k, mean[k]!);
      }
  }

  private judge(k: number, mean: number): void {
    const isOn = this.isOn(k);
    if (isOn ? mean >= CEASES : mean <= BEGINS) return;
    this.on[k] = isOn ? 0 : 1;
    this.evidence[this.changes] = isOn ? BEGINS - mean : mean - CEASES;
    this.rose[this.changes] = this.steps;
    this.changed[this.changes++] = k;
  }
}
