/** What the detector of the effect of marked events reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

/** A marked event whose effect is to be measured. */
export interface Marked extends Signal {
  readonly type: "marked";
  /** Of the event that reports it. */
  readonly id: string;
  /** What kind of thing happened: "news", or the kind of the event. */
  readonly mark: string;
  readonly title: string;
  readonly channels: readonly string[];
  readonly atUs: number;
}

/** The state before and after marked events, the same for all at one place. Entropies in nats. */
export interface Effect {
  /** Trace distance and fidelity of the two states. */
  readonly distance: number;
  readonly fidelity: number;
  /** After less before: entropy, and purity without the bias of few samples. */
  readonly entropyChange: number;
  readonly purityChange: number;
  /** Squared Hilbert–Schmidt distance without that bias: what the p-value compares. */
  readonly squaredDistance: number;
  /** Null: too few placebo times yet. */
  readonly p: number | null;
  readonly placebos: number;
  /** How unlike the least alike placebo is, in [0, 1]. */
  readonly apart: number;
  /** ln of the e-value of p, nats. */
  readonly evidence: number;
  /** Of a measurement of levels of a whole state: what quantum mechanics says of it (kernels/back-action.ts); null: none. */
  readonly unconditional: number | null;
  readonly conditional: number | null;
  readonly gain: number | null;
}

export interface Measured extends Signal, Effect {
  readonly type: "measured";
  readonly id: string;
}

/** There is no state before or after it. */
export interface Unmeasured extends Signal {
  readonly type: "unmeasured";
  readonly id: string;
  readonly reason: string;
}

export type EffectSignal = Marked | Measured | Unmeasured;
