/**
 * How surprising each channel of a row is, given the other channels and all that was seen before.
 *
 *   deviation ─÷ scale─► u ─clip─► residual of the leading components ─► + what was clipped ─► rarity ─► evidence beyond TAIL
 *
 * Channels of one machine follow its load together. The components explain that, at any time of day; a residual is what a channel does that
 * the others do not explain. Evidence of a residual is −ln of how often the channel has so large ones. Only the tail counts: ordinary sizes
 * of many channels would add up to as much noise.
 *
 * Scales are mean absolute deviations. The caller says with what weight a row is learnt.
 */
import exp from "@stdlib/math-base-special-exp";
import { PrincipalComponents } from "../../../kernels/principal-components.ts";
import type { Fields } from "../../../ports/detector.ts";
import { clipSize, clipSpike } from "../../clip-spikes.ts";
import { prefixed } from "../../registered-numbers.ts";
import { Rarity } from "./rarity.ts";

/** Components, at most, and at most one for six channels: load, and what changes its mixture. 2 to 8 serve alike on the labelled servers. */
const COMPONENTS = 4;
/** Scales at which a deviation is clipped before components and scales learn it. */
const CLIP_AT = 4;
/** The largest deviation, in scales. A channel that never moved has no scale: its first move counts as so large. */
const LARGEST = 1000;
/** Of the sizes of channels beyond the largest seen: metrics of machines have heavy tails. */
const TAIL_INDEX = 1;
/** Rows before a scale is used, before it clips, and before a move of a constant channel counts. */
export const SCALE_AFTER = 16;
const CLIP_AFTER = 32;
const CONSTANT_AFTER = 64;
/** A smaller deviation, relative to the value, is rounding: 2⁻⁴⁰. */
const ROUNDING = 1 / 1_099_511_627_776;

interface SurpriseOptions {
  /** Nats: sizes that a share e^−tail of the rows reaches have no evidence. */
  readonly tail: number;
  /** The components explain what all channels do together however far it goes; otherwise up to CLIP_AT scales. */
  readonly commonIsUsual: boolean;
  /** Rows in the memory of scales. That of components is half as long. */
  readonly memory: number;
}

export class RowSurprise {
  readonly fields: Fields;
  /** Evidence beyond the tail of each channel in the last row, nats. */
  readonly evidence: Float64Array;
  private readonly n: number;
  private readonly tail: number;
  private readonly commonIsUsual: boolean;
  private readonly memory: number;
  /** Mean absolute deviation of each channel; 0: it never moved. */
  readonly scales: Float64Array;
  private readonly components: PrincipalComponents;
  private readonly rarity: Rarity;
  /** The weights learnt so far. */
  private readonly learnt = new Float64Array(1);
  private readonly clipped: Float64Array;
  private readonly residual: Float64Array;
  /** Weights of scales and components. */
  private readonly weights = new Float64Array(2);

  constructor(n: number, { tail, commonIsUsual, memory }: SurpriseOptions) {
    this.commonIsUsual = commonIsUsual;
    this.memory = memory;
    this.n = n;
    this.tail = tail;
    this.evidence = new Float64Array(n);
    this.scales = new Float64Array(n);
    this.components = new PrincipalComponents(n, Math.min(COMPONENTS, Math.ceil(n / 6)));
    this.rarity = new Rarity(n, exp(-tail), TAIL_INDEX);
    this.clipped = new Float64Array(n);
    this.residual = new Float64Array(n);
    this.fields = {
      scales: this.scales,
      learnt: this.learnt,
      ...prefixed("components", this.components.fields),
      ...prefixed("rarity", this.rarity.fields),
    };
  }

  /**
   * Writes the evidence of a row. `deviations`: finite, of each channel from what is usual; `values`: the channel's values, from
   * offset `at`, which say what is rounding; `row`: rows seen before.
   */
  see(deviations: Float64Array, values: Float64Array, at: number, row: number): void {
    const { n, scales, clipped, residual, evidence, rarity, tail } = this;
    let beyond = 0;
    for (let c = 0; c < n; c++) {
      const deviation = deviations[c]!;
      const scale = scales[c]!;
      const moved = Math.abs(deviation) > Math.abs(values[at + c]!) * ROUNDING;
      let u = 0;
      if (moved && scale > 0) {
        if (row >= SCALE_AFTER) u = clipSpike(deviation / scale, LARGEST);
      } else if (moved && row > CONSTANT_AFTER) u = deviation > 0 ? LARGEST : -LARGEST;
      clipped[c] = u;
      evidence[c] = 0;
      if (u <= CLIP_AT && u >= -CLIP_AT) continue;
      clipped[c] = clipSpike(u, CLIP_AT);
      evidence[c] = u - clipped[c]!;
      beyond++;
    }
    this.components.residual(clipped, residual);
    if (this.commonIsUsual && beyond > 1) this.components.explainExcess(evidence);
    for (let c = 0; c < n; c++) {
      const left = residual[c]! + evidence[c]!;
      residual[c] = left;
      evidence[c] = Math.abs(left);
    }
    if (!rarity.evidence(evidence)) return;
    for (let c = 0; c < n; c++) evidence[c] = row < CONSTANT_AFTER ? 0 : Math.max(0, evidence[c]! - tail);
  }

  /** Learns the row seen last with the weight weights[0] in (0, 1]. */
  learn(deviations: Float64Array, weights: Float64Array, row: number): void {
    const { n, scales, learnt, rarity } = this;
    const weight = weights[0]!;
    learnt[0] = learnt[0]! + weight;
    const share = weight / Math.min(learnt[0]!, this.memory);
    for (let c = 0; c < n; c++) {
      const scale = scales[c]!;
      const size = Math.abs(deviations[c]!);
      const learns = row > CLIP_AFTER && scale > 0 ? clipSize(size, CLIP_AT * scale) : size;
      scales[c] = scale + share * (learns - scale);
    }
    rarity.learnAll(weights, 0);
    this.weights[0] = weight / Math.min(learnt[0]!, this.memory / 2);
    this.components.learnLast(this.clipped, this.weights, 0);
  }

  /** The size of channel c's residual in the last row, in sizes that its tail reaches. */
  timesTail(c: number): number {
    return Math.min(LARGEST, Math.abs(this.residual[c]!) / this.rarity.tailSize(c));
  }
}
