/**
 * Detects a change in the law of the innovations. While rows are independent, the mean number of rows between false alarms is at least A.
 *
 *   row x ─► y = W(x−μ₀) ─┬─► bets (betting.ts) ─► M ── M ≥ A ─► declared
 *                         └─► evidence of serial dependence (dependence.ts) ─► the guarantee is void
 *
 * The effect of a row in each state of the machine (machine.ts):
 *
 *   warming     learns the baseline: N₀ rows ─► calibrated
 *   tracking, suspected   M ≥ A ─► declared
 *   collapsed   quiet for recoveryRows ─► returned (the old baseline is valid again)
 *               M ≥ A for another kind of change ─► declared again
 *               M ≥ A again, or no decision for too long ─► persists
 *   relearning  learns the new regime: about 2n rows ─► calibrated
 *
 * Volatility in clusters breaks exchangeability: the guarantee is then void, and the event reports it. With `volatility: "ewma"`, x is first
 * divided by a lagged running volatility. The detector then ignores slow changes of size, and forgets sudden ones within some rows.
 *
 * Sources: Shin, Ramdas & Rinaldo 2022 (e-detectors); Vovk, Gammerman & Shafer 2005 (conformal p); de la Peña 1999 (bets on the mean).
 * Cost: about 2 µs a row at n = 16.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { Baseline, Calibration } from "./baseline.ts";
import { kindOf, memberName } from "./bets.ts";
import { Betting } from "./betting.ts";
import { DependenceWatch } from "./dependence.ts";
import { calibrationRows, relearningRows } from "./learning-rows.ts";
import { collapseMachine } from "./machine.ts";
import { RecentRows } from "./recent-rows.ts";
import { crossConformalEnergies } from "./relearning.ts";
import { compareRegimes } from "./report.ts";

export const collapse = defineDetector({
  name: "collapse",
  version: 2,
  machine: collapseMachine,
  enabled: (settings, group) => settings.collapse.enabled && !group.states,
  createDetector: (settings, group) => new CollapseDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Weight of a row in the running volatility: λ = 0.94 (RiskMetrics 1996). */
const VOLATILITY_WEIGHT = 0.06;
/**
 * Nats by which an alarm raises the threshold. Each row lowers it by 1/A of this; the threshold stays between A and A². With independent
 * rows the effect is small. On data that break the guarantee (volatility in clusters) alarms become rarer; a large collapse is still found
 * soon, because each of its rows adds some nats. After Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift".
 */
const PER_ALARM = 2;
/** Suspicion begins at M = A/10 and ends below A/100. Without a change M has mean t and exceeds √A often, so √A would not do. */
const LN_SUSPECT = Math.LN10;
const LN_CLEAR = 2 * Math.LN10;
/** A collapse that is neither over nor confirmed after this many times recoveryRows counts as lasting. */
const UNDECIDED = 4;

const Scalars = namedNumbers(
  /** A, the guaranteed mean rows between false alarms, and its logarithm. */
  "threshold",
  "lnThreshold",
  /** How far earlier alarms have raised the threshold above ln A, nats. */
  "extraNats",
  /** The last declaration: its time, the time of its estimated onset, its kind of change; 0 before the first. */
  "declaredUs",
  "changedUs",
  "kind",
  /** Rows since the declaration, and how many of the last ones were quiet. */
  "rowsSinceDeclared",
  "quietRows",
);

type Context = DetectorContext<typeof collapseMachine>;

export class CollapseDetector implements Detector<typeof collapseMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["collapse"];
  private readonly group: Group;
  private readonly calibrationRows: number;
  private readonly relearningRows: number;
  private readonly scalars = new Scalars();
  private readonly calibration: Calibration;
  private readonly baseline: Baseline;
  private readonly betting: Betting;
  private readonly dependence: DependenceWatch;
  private readonly spacing: RowSpacing;
  private readonly recent: RecentRows;
  private readonly volatility: EwmaMoments | null;
  private readonly x: Float64Array;
  private readonly standardised: Float64Array;
  private readonly y: Float64Array;
  /** Set when a collapse is found to last; signalled after the batch. */
  private lasting: { timeUs: number; rows: number } | null = null;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.collapse;
    this.group = group;
    this.calibrationRows = calibrationRows(settings.collapse.calibrationRows, n);
    this.relearningRows = relearningRows(this.calibrationRows, n);
    this.calibration = new Calibration(n);
    this.baseline = new Baseline(n);
    this.betting = new Betting(n, settings.collapse.statistic);
    this.dependence = new DependenceWatch(n);
    this.volatility = settings.collapse.volatility === "ewma" ? new EwmaMoments(n, VOLATILITY_WEIGHT) : null;
    this.spacing = new RowSpacing(group.everyUs);
    this.recent = new RecentRows(n);
    this.x = new Float64Array(n);
    this.standardised = new Float64Array(n);
    this.y = new Float64Array(n);
    this.fields = {
      scalars: this.scalars.array,
      ...prefixed("calibration", this.calibration.fields),
      ...prefixed("baseline", this.baseline.fields),
      ...this.betting.fields,
      ...this.dependence.fields,
      ...(this.volatility ? prefixed("volatility", this.volatility.fields) : {}),
      ...this.spacing.fields,
      ...this.recent.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      this.spacing.see(time, batch.gap[r] === 1);
      this.takeInnovations(batch, r);
      const { value } = context.machine;
      if (value === "warming" || value === "relearning") this.learn(time, context);
      else this.watch(time, context);
    }
    if (this.lasting !== null) {
      context.signal({ type: "persists", ...this.lasting });
      this.lasting = null;
    }
  }

  /** min(1, ln M / ln A): 1 while M ≥ A, and while a declared collapse lasts. 0 before the first calibration. */
  score({ machine }: Pick<DetectorContext, "machine">): number {
    if (machine.value === "collapsed" || machine.value === "relearning") return 1;
    if (machine.value === "warming") return 0;
    const share = this.betting.mixture.logEvidence / (this.scalars.lnThreshold + this.scalars.extraNats);
    return share > 0 ? Math.min(1, share) : 0;
  }

  /** Time of the last declaration, µs; 0 before the first. */
  get declaredUs(): number {
    return this.scalars.declaredUs;
  }

  /** Estimated onset of the last declared change, µs; 0 before the first. */
  get changedUs(): number {
    return this.scalars.changedUs;
  }

  /** Copies the row's innovations to `x`, divided by their running volatility if the settings enable that. */
  private takeInnovations(batch: Batch, r: number): void {
    const { n } = this.group;
    const { x, volatility } = this;
    for (let c = 0; c < n; c++) {
      const innovation = batch.rowInnovation[r * n + c]!;
      x[c] = volatility === null || Number.isNaN(innovation) ? innovation : volatility.scale(c, innovation);
    }
  }

  private learn(time: number, context: Context): void {
    const { calibration, scalars, baseline, betting, recent } = this;
    calibration.take(this.x);
    const { rows } = calibration;
    const again = context.machine.value === "relearning";
    // crossConformalEnergies needs the rows again, in units of the old baseline.
    if (again && !Number.isNaN(baseline.apply(this.x, this.standardised, this.y)))
      recent.add(this.standardised, time);
    if (rows < (again ? this.relearningRows : this.calibrationRows)) return;
    betting.begin(again ? this.energiesToBeginWith() : [], context);
    baseline.learn(calibration, again ? this.relearningRows : 0);
    // No channel varied: start again.
    if (baseline.channels === 0) {
      calibration.reset();
      return;
    }
    const threshold = falseAlarmSamples(this.settings, this.spacing.us || UNKNOWN_SPACING_US);
    scalars.lnThreshold = ln(threshold);
    scalars.threshold = threshold;
    betting.forgetMeans();
    this.dependence.reset();
    this.watchAnew();
    context.signal({ type: "calibrated", timeUs: time, rows, threshold, leftOut: this.leftOut() });
  }

  private energiesToBeginWith(): number[] {
    const { baseline, recent, relearningRows } = this;
    return crossConformalEnergies(
      baseline,
      recent.last(Math.min(relearningRows, recent.count)),
      relearningRows,
    );
  }

  private watch(time: number, context: Context): void {
    const { scalars, baseline, standardised, y, betting } = this;
    const energy = baseline.apply(this.x, standardised, y);
    if (Number.isNaN(energy)) return;
    this.recent.add(standardised, time);
    const logM = betting.row(y, energy, baseline, context);
    if (context.machine.value === "collapsed") {
      this.calibration.take(this.x);
      this.decide(logM, time, context);
      return;
    }
    this.dependence.row(y, betting.energyRank, time, context);
    scalars.extraNats = Math.max(0, scalars.extraNats - PER_ALARM * (1 / scalars.threshold));
    if (logM >= scalars.lnThreshold + scalars.extraNats) this.declareCollapse(logM, time, context);
    else this.suspect(logM, time, context);
  }

  private suspect(logM: number, time: number, context: Context): void {
    const short = this.scalars.lnThreshold + this.scalars.extraNats - logM;
    if (context.machine.value === "suspected") {
      if (short > LN_CLEAR) context.signal({ type: "cleared", timeUs: time, logM });
    } else if (short <= LN_SUSPECT) context.signal({ type: "suspected", timeUs: time, logM });
    else this.baseline.refine(this.standardised);
  }

  private declareCollapse(logM: number, time: number, context: Context): void {
    const { scalars, group, recent } = this;
    const { mixture } = this.betting;
    const leader = mixture.leader();
    const delayRows = Math.max(1, mixture.steps - mixture.onsetOf(leader));
    const rowsAfter = Math.min(delayRows, recent.count);
    // An onset before the oldest recent row is extrapolated by the usual spacing.
    const forgotten = (delayRows - rowsAfter) * this.spacing.us;
    const onsetUs = Math.round(recent.timeBefore(rowsAfter - 1) - forgotten);
    const { member, change } = memberName(leader);
    const report = compareRegimes(this.baseline, recent.last(rowsAfter), rowsAfter);
    const { extraNats } = scalars;
    scalars.extraNats = Math.min(scalars.lnThreshold, extraNats + PER_ALARM);
    scalars.kind = kindOf(leader);
    scalars.declaredUs = time;
    scalars.changedUs = onsetUs;
    scalars.rowsSinceDeclared = 0;
    scalars.quietRows = 0;
    this.calibration.reset();
    mixture.reset();
    context.signal({
      type: "declared",
      timeUs: time,
      onsetUs,
      delayRows,
      member,
      change,
      logM,
      threshold: scalars.threshold,
      extraNats,
      purityChange: report.purityChange,
      fidelity: report.fidelity,
      bures: report.bures,
      pointerOverlap: report.pointerOverlap,
      entropyChange: report.entropyChange,
      rowsAfter,
      channels: report.moved.map((c) => group.channels[c]!.name),
      leftOut: this.leftOut(),
    });
  }

  /** After a declaration: decides whether the collapse is over, lasts, or has become another one. */
  private decide(logM: number, time: number, context: Context): void {
    if (this.lasting !== null) return;
    const { scalars, settings } = this;
    const { lnThreshold } = scalars;
    const rows = scalars.rowsSinceDeclared + 1;
    scalars.rowsSinceDeclared = rows;
    scalars.quietRows = lnThreshold - logM > LN_SUSPECT ? scalars.quietRows + 1 : 0;
    // Strong evidence of another kind of change means a further change, not that the first one lasts.
    const further = logM >= lnThreshold && kindOf(this.betting.mixture.leader()) !== scalars.kind;
    if (further && logM >= lnThreshold + scalars.extraNats) this.declareCollapse(logM, time, context);
    else if ((logM >= lnThreshold && !further) || rows >= UNDECIDED * settings.recoveryRows)
      this.lasting = { timeUs: time, rows };
    else if (scalars.quietRows >= settings.recoveryRows) {
      this.watchAnew();
      context.signal({ type: "returned", timeUs: time, rows });
    }
  }

  /** Starts to collect evidence against the baseline. */
  private watchAnew(): void {
    this.betting.mixture.reset();
    this.calibration.reset();
  }

  private leftOut(): string[] {
    return this.group.channels.filter((_, c) => this.baseline.kept[c] === 0).map((channel) => channel.name);
  }
}
