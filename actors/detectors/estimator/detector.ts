/**
 * Estimates the state of a group: the density matrix of its channels' analytic signals, and its coherence.
 *
 *   rows    innovations ─► / lagged σ ─► all-pass pair ─► z ─► ψ ─┐
 *                                                                 ├─► ρ ← (1−α)ρ + αψψ† ─► measures at the publish rate
 *   ticks   innovations ─► resonator ─► / lagged power ─► z ─► ψ ─┘         └─► level of coherence ─► signals
 *
 * Every state reports its uncertainty: `source: "estimated"`, `reading: "single-excitation"`, κ and N_eff, significance by
 * Benjamini–Hochberg over all pairs, and `significant: false` while no pair exceeds chance. With `norm: "unit"` the eigenvalues are biased
 * towards 1/n: they rank modes but do not explain variance.
 *
 * The level is the mean over pairs of the bias-corrected squared coherence (g²−κ)/(1−κ). Its reference follows it slowly. Coherence is lost
 * when the level stays below half of the reference for DWELL looks, and regained when it stays above three quarters of it.
 *
 * Cost: 1.3 µs a row at n = 16.
 */
import type { StateMessage } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { DensityEstimate } from "../../kernels/density.ts";
import { allVisibilities } from "../../kernels/pair.ts";
import { correctedPurity } from "../../kernels/sample-size.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { StatePublisher } from "../state-publisher.ts";
import { estimatorMachine } from "./machine.ts";
import { RowSignal } from "./row-signal.ts";
import type { SignalSource } from "./signal-source.ts";
import { TickSignal } from "./tick-signal.ts";

export const estimator = defineDetector({
  name: "estimator",
  version: 3,
  machine: estimatorMachine,
  // A single channel has no coherence.
  enabled: (settings, group) => settings.estimator.enabled && group.n >= 2 && !group.states,
  createDetector: (settings, group) => new EstimatorDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Looks at the level per memory. More would give nearly equal levels. */
const LOOKS_PER_MEMORY = 8;
/** Successive looks that decide: half a memory. */
const DWELL = 4;
const LOST_BELOW = 0.5;
const REGAINED_ABOVE = 0.75;
/** Memory of the reference in looks, while coherent and while decohered. */
const REFERENCE_LOOKS = 64;
const FORGIVING_LOOKS = 256;
/** Standard deviations on either side of the reference between which the level usually is. */
const SPREADS = 2;

const Scalars = namedNumbers(
  /** The current level, and the normal one. */
  "level",
  "reference",
  /** Successive looks in favour of the other state. */
  "inARow",
  "untilLook",
  "lastUs",
  "publishedUs",
  "publishedCount",
  /** Variance of the level about its reference while the group was coherent, and from how many looks. */
  "variance",
  "looks",
);

type Context = DetectorContext<typeof estimatorMachine>;

export class EstimatorDetector implements Detector<typeof estimatorMachine> {
  readonly fields: Fields;
  readonly density: DensityEstimate;
  private readonly group: Group;
  private readonly warmupRows: number;
  private readonly looksEvery: number;
  private readonly source: SignalSource;
  private readonly publisher: StatePublisher;
  private readonly scalars = new Scalars();
  /** Of the batch that is consumed. */
  private context: Context | null = null;
  /** Made once: a function for each batch would be garbage. */
  private readonly taken = (): void => this.look(this.context!);
  private readonly visibilities: Float64Array;
  private readonly roots: Float64Array;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    const { memoryRows, norm, warmupRows } = settings.estimator;
    this.group = group;
    this.warmupRows = warmupRows;
    this.source =
      group.sampling === "ticks" ? new TickSignal(settings, group) : new RowSignal(settings, group);
    this.density = new DensityEstimate(n, 1 / Math.max(2, memoryRows), norm);
    this.publisher = new StatePublisher(group, norm);
    this.looksEvery = Math.max(1, Math.round(memoryRows / LOOKS_PER_MEMORY));
    this.visibilities = new Float64Array(n * n);
    this.roots = new Float64Array(n);
    this.fields = {
      scalars: this.scalars.array,
      ...prefixed("density", this.density.fields),
      ...prefixed("signal", this.source.fields),
    };
  }

  update(batch: Batch, context: Context): void {
    this.context = context;
    this.source.consume(batch, this.density, this.taken);
  }

  publish(context: Context): unknown {
    const { scalars, density } = this;
    if (density.count === 0 || density.count === scalars.publishedCount) return null;
    // A spectrum costs O(n³), so wide groups are published less often.
    if (context.now - scalars.publishedUs < this.publisher.restUs) return null;
    scalars.publishedCount = density.count;
    scalars.publishedUs = context.now;
    if (context.unread) {
      this.publisher.check(density);
      return null;
    }
    return this.state(context);
  }

  /** Measures of the current state by name, or null before the first sample. */
  measures(context: Pick<DetectorContext, "machine">): Record<string, number> | null {
    return this.density.count === 0 ? null : this.state(context).measures;
  }

  private state({ machine }: Pick<DetectorContext, "machine">): Omit<StateMessage, "type"> {
    const { density, publisher, scalars, source } = this;
    return publisher.publish(scalars.lastUs, density, source.kappa(density), {
      ...source.measures(),
      coherence: scalars.level,
      warm: machine.value === "warming" ? 0 : 1,
    });
  }

  /** Called after each update of ρ. Judges the level every `looksEvery` updates. */
  private look(context: Context): void {
    const { scalars, density, source } = this;
    const timeUs = source.time[0]!;
    scalars.lastUs = timeUs;
    scalars.untilLook--;
    if (scalars.untilLook > 0) return;
    scalars.untilLook = this.looksEvery;
    const kappa = source.kappa(density);
    if (density.count < this.warmupRows || !source.warm || !(kappa < 1)) return;
    const level = this.level(kappa);
    scalars.level = level;
    const floor = this.floor(kappa);
    if (context.machine.value === "warming") {
      const coherent = level > floor;
      scalars.reference = coherent ? level : 2 * floor;
      context.signal({ type: "warmed", ...this.judgement(timeUs, kappa), coherent });
      return;
    }
    this.judge(level, floor, timeUs, kappa, context);
  }

  private judge(level: number, floor: number, timeUs: number, kappa: number, context: Context): void {
    const { scalars } = this;
    const { reference } = scalars;
    const coherent = context.machine.value === "coherent";
    const against = coherent
      ? level < LOST_BELOW * reference
      : level > Math.max(REGAINED_ABOVE * reference, floor);
    scalars.inARow = against ? scalars.inARow + 1 : 0;
    if (scalars.inARow >= DWELL) {
      scalars.inARow = 0;
      context.signal({ type: coherent ? "lost" : "regained", ...this.judgement(timeUs, kappa) });
      if (!coherent) scalars.reference = Math.max(reference, level);
      return;
    }
    if (coherent && !against) {
      scalars.looks++;
      const off = level - reference;
      scalars.variance =
        scalars.variance + (off * off - scalars.variance) / Math.min(scalars.looks, REFERENCE_LOOKS);
    }
    const looks = coherent ? REFERENCE_LOOKS : FORGIVING_LOOKS;
    const towards = coherent ? level : Math.max(level, 2 * floor);
    scalars.reference = reference + (towards - reference) / looks;
  }

  /** Mean of (g²−κ)/(1−κ) over the pairs that have a coherence. */
  private level(kappa: number): number {
    const { n } = this.group;
    const { visibilities } = this;
    allVisibilities(n, this.density.re, this.density.im, visibilities, this.roots);
    let sum = 0;
    let pairs = 0;
    for (let i = 1; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const g = visibilities[i * n + j]!;
        if (Number.isNaN(g)) continue;
        sum += (g * g - kappa) / (1 - kappa);
        pairs++;
      }
    }
    return pairs === 0 ? 0 : sum / pairs;
  }

  /** The highest level that chance explains: three standard deviations of a mean of g² ~ Exp(κ). */
  private floor(kappa: number): number {
    const { n } = this.group;
    return (3 * kappa) / Math.sqrt((n * (n - 1)) / 2);
  }

  private judgement(timeUs: number, kappa: number) {
    const { n } = this.group;
    const { level, reference, variance } = this.scalars;
    const half = SPREADS * Math.sqrt(variance);
    return {
      timeUs,
      level,
      reference,
      usualLow: Math.max(0, reference - half),
      usualHigh: Math.min(1, reference + half),
      purity: correctedPurity(this.density.purity, kappa),
      nEff: 1 / kappa,
      significantPairs: this.publisher.significantPairs(this.density, kappa),
      pairs: (n * (n - 1)) / 2,
    };
  }
}
