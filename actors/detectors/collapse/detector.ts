/**
 * Detects a change in the law of the innovations. While rows are independent, the mean number of rows between false alarms is at least A.
 *
 *   row x ─► y = W(x−μ₀) ─► ranks ─┬─► bets (betting.ts) ─► M ── M ≥ threshold (alarm-threshold.ts) ─► declared
 *                                  └─► evidence that rows are not independent (dependence.ts) ─► the guarantee is void
 *
 * The effect of a row in each state of the machine (machine.ts):
 *
 *   warming     learns the baseline: N₀ rows ─► calibrated
 *   tracking, suspected   M ≥ A ─► declared
 *   collapsed   quiet for recoveryRows ─► returned (the old baseline is valid again)
 *               M ≥ A² within few rows for another kind of change ─► declared again
 *               M ≥ A otherwise, or no decision for too long ─► persists
 *   relearning  learns the new regime from as many rows as the first, or more (learning-rows.ts) ─► calibrated
 *               the rows follow the old regime again (former-regime.ts) ─► returned
 *               M ≥ A among the rows of the new regime, up to A² while they are few ─► declared again
 *
 * The part of a row's size that its past foretells is removed (ranked-score.ts), so volatility in clusters is no change. With
 * `volatility: "ewma"`, x is first divided by a lagged running volatility: the detector then ignores slow changes of size, and forgets sudden
 * ones within some rows.
 *
 * Sources: Shin, Ramdas & Rinaldo 2022 (e-detectors); Vovk, Gammerman & Shafer 2005 (conformal p).
 */
import type { Settings } from "../../../protocol/settings.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { AlarmThreshold } from "./alarm-threshold.ts";
import { Baseline, Calibration } from "./baseline.ts";
import { kindOf, memberName, modeOf } from "./bets.ts";
import { Betting } from "./betting.ts";
import { DependenceWatch } from "./dependence.ts";
import { FormerRegime } from "./former-regime.ts";
import { InnovationChoice } from "./innovation-choice.ts";
import { calibrationRows, failed, relearningRows } from "./learning-rows.ts";
import { collapseMachine } from "./machine.ts";
import { RecentRows } from "./recent-rows.ts";
import { compareRegimes, type RegimeReport } from "./report.ts";
import type { Guarantee } from "./signals.ts";

export const collapse = defineDetector({
  name: "collapse",
  version: 6,
  machine: collapseMachine,
  enabled: (settings, group) => settings.collapse.enabled && !group.states,
  createDetector: (settings, group) => new CollapseDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Weight of a row in the running volatility: λ = 0.94 (RiskMetrics 1996). */
const VOLATILITY_WEIGHT = 0.06;
/** Suspicion begins at M = A/10 and ends below A/100. Without a change M has mean t and exceeds √A often, so √A would not do. */
const LN_SUSPECT = Math.LN10;
const LN_CLEAR = 2 * Math.LN10;
/** A collapse that is neither over nor confirmed after this many times recoveryRows counts as lasting. */
const UNDECIDED = 4;
/** Within a collapse, evidence of another kind of change that is older than this belongs to the first change. */
const SUDDEN_ROWS = 32;

const Scalars = namedNumbers(
  /** The last declaration: its time, the time of its estimated onset, its kind of change; 0 before the first. */
  "declaredUs",
  "changedUs",
  "kind",
  /** Rows from the onset to the declaration, since the declaration, and how many of the last ones were quiet. */
  "delayRows",
  "rowsSinceDeclared",
  "quietRows",
  /** Rows since the change whose regime is being learnt. */
  "rowsSinceChange",
  /** Rows that the baseline is or was learnt from, rows on which it was then watched, and baselines in a row that failed. */
  "learningRows",
  "rowsWatched",
  "failures",
);

type Context = DetectorContext<typeof collapseMachine>;

export class CollapseDetector implements Detector<typeof collapseMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["collapse"];
  private readonly group: Group;
  private readonly calibrationRows: number;
  private readonly scalars = new Scalars();
  private readonly calibration: Calibration;
  private readonly baseline: Baseline;
  private readonly betting: Betting;
  private readonly threshold = new AlarmThreshold();
  private readonly dependence: DependenceWatch;
  private readonly spacing: RowSpacing;
  private readonly innovation: InnovationChoice;
  private readonly recent: RecentRows;
  private readonly former = new FormerRegime();
  private readonly volatility: EwmaMoments | null;
  private readonly x: Float64Array;
  private readonly y: Float64Array;
  /** Time of the row, µs. An element of an array is not boxed. */
  private readonly rowTime = new Float64Array(1);
  /** Set when a collapse is found to last; signalled after the batch. */
  private lasting: { timeUs: number; rows: number } | null = null;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.collapse;
    this.group = group;
    this.calibrationRows = calibrationRows(settings.collapse.calibrationRows, n);
    this.scalars.learningRows = this.calibrationRows;
    this.calibration = new Calibration(n);
    this.baseline = new Baseline(n);
    this.betting = new Betting(n, settings.collapse.statistic);
    this.dependence = new DependenceWatch(n);
    this.volatility = settings.collapse.volatility === "ewma" ? new EwmaMoments(n, VOLATILITY_WEIGHT) : null;
    this.spacing = new RowSpacing(group.everyUs);
    this.innovation = new InnovationChoice(group);
    this.recent = new RecentRows(n);
    this.x = new Float64Array(n);
    this.y = new Float64Array(n);
    this.fields = {
      scalars: this.scalars.array,
      ...prefixed("calibration", this.calibration.fields),
      ...prefixed("baseline", this.baseline.fields),
      ...this.betting.fields,
      ...this.threshold.fields,
      ...this.dependence.fields,
      ...(this.volatility ? prefixed("volatility", this.volatility.fields) : {}),
      ...this.spacing.fields,
      ...this.innovation.fields,
      ...this.recent.fields,
      ...this.former.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    for (let r = 0; r < batch.rows; r++) {
      this.rowTime[0] = batch.rowTime[r]!;
      this.spacing.see(this.time, batch.gap[r] === 1);
      this.takeInnovations(batch, r);
      const { value } = context.machine;
      if (value === "warming") this.learn(context);
      else if (value === "relearning") this.relearn(context);
      else this.watch(context);
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
    const share = this.betting.mixture.logEvidence / this.level(machine.context.guarantee);
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

  private get time(): number {
    return this.rowTime[0]!;
  }

  /** Takes the row's innovations to `x`, divided by their running volatility if the settings enable that. */
  private takeInnovations(batch: Batch, r: number): void {
    const { x, volatility } = this;
    // Rows of another kind say nothing about those to come.
    if (this.innovation.take(batch, r, x)) {
      this.calibration.reset();
      this.recent.reset();
    }
    if (volatility === null) return;
    for (let c = 0; c < x.length; c++) if (!Number.isNaN(x[c]!)) x[c] = volatility.scale(c, x[c]!);
  }

  private learn(context: Context): void {
    const { calibration, scalars, baseline, recent } = this;
    if (calibration.take(this.x)) recent.add(this.x, this.rowTime);
    const { rows } = calibration;
    if (rows < scalars.learningRows) return;
    baseline.learn(calibration);
    // No channel varied: start again.
    if (baseline.channels === 0) {
      calibration.reset();
      recent.reset();
      return;
    }
    const threshold = falseAlarmSamples(this.settings, this.spacing.us || UNKNOWN_SPACING_US);
    this.threshold.promise(threshold);
    scalars.rowsWatched = 0;
    context.signal({
      type: "calibrated",
      timeUs: this.time,
      rows,
      threshold,
      leftOut: this.leftOut(),
      innovation: this.innovation.chosen,
      declared: this.group.innovation,
      lag1: this.innovation.lag1,
    });
    this.begin(context);
    this.watchAnew();
  }

  /**
   * Fills the ranks with the last rows that the baseline was learnt from, so that a change is seen at once. They are bet on twice: the first
   * time teaches what the past foretells.
   */
  private begin(context: Context): void {
    const { betting, dependence, baseline } = this;
    if (!baseline.fitsNewRows) {
      betting.reset();
      dependence.reset();
      return;
    }
    for (let pass = 0; pass < 2; pass++) {
      betting.reset();
      dependence.reset();
      this.betOnLearnt(pass === 1, context);
    }
    betting.endLearning(baseline);
  }

  private betOnLearnt(test: boolean, context: Context): void {
    const { betting, recent, calibration, baseline, threshold, y } = this;
    const { n } = this.group;
    const rows = recent.last(Math.min(recent.count, calibration.rows));
    const asLeftOut = !baseline.hasTies(rows);
    for (let at = 0; at < rows.length; at += n) {
      const row = rows.subarray(at, at + n);
      const whole = asLeftOut ? baseline.applyAsLeftOut(row, y) : baseline.apply(row, y);
      if (!whole) continue;
      betting.row(y, baseline, true, context);
      if (!test) continue;
      threshold.row(betting.logM, context.machine.context.guarantee);
      this.testDependence(context);
    }
  }

  /**
   * Learns a row of the new regime. Ranks among its rows, whitened by the old baseline, show a further change; as long as they are few, it needs
   * up to A² instead of A.
   */
  private relearn(context: Context): void {
    const { baseline, y, betting, threshold, former } = this;
    if (baseline.apply(this.x, y)) {
      const { guarantee } = context.machine.context;
      betting.row(y, baseline, true, context);
      this.scalars.rowsSinceChange++;
      former.since(y, baseline, threshold.lnPromised);
      const { logM } = betting;
      threshold.row(logM, guarantee);
      this.testDependence(context);
      if (former.evidence >= threshold.lnPromised) {
        this.returnToFormer(context);
        return;
      }
      const unknown = Math.max(0, 1 - betting.rowsKnown / this.calibrationRows);
      if (logM >= this.level(guarantee) + unknown * threshold.lnPromised) {
        this.declareCollapse(context);
        return;
      }
    }
    this.learn(context);
  }

  private watch(context: Context): void {
    const { baseline, y, betting, threshold } = this;
    if (!baseline.apply(this.x, y)) return;
    this.recent.add(this.x, this.rowTime);
    const learn = context.machine.value === "tracking";
    betting.row(y, baseline, learn, context);
    const { logM } = betting;
    if (context.machine.value === "collapsed") {
      this.calibration.take(this.x);
      this.decide(context);
      return;
    }
    this.scalars.rowsWatched++;
    threshold.row(logM, context.machine.context.guarantee);
    this.testDependence(context);
    this.dependence.watched(threshold.promised, this.rowTime, context);
    const short = this.level(context.machine.context.guarantee) - logM;
    if (short <= 0) this.declareCollapse(context);
    else if (context.machine.value === "suspected") {
      if (short > LN_CLEAR) context.signal({ type: "cleared", timeUs: this.time, logM });
    } else if (short <= LN_SUSPECT) context.signal({ type: "suspected", timeUs: this.time, logM });
  }

  private testDependence(context: Context): void {
    const { betting, dependence, threshold } = this;
    dependence.row(betting.channelScores, betting.ranks, threshold.promised, this.rowTime, context);
  }

  /** Nats at which an alarm is raised. */
  private level(guarantee: Guarantee): number {
    return this.threshold.lnPromised + this.threshold.raised(guarantee);
  }

  /** Nats at which a further change is declared while ranks are still those of the old regime. */
  private further(guarantee: Guarantee): number {
    return this.threshold.lnPromised + this.level(guarantee);
  }

  private declareCollapse(context: Context): void {
    const { scalars, group, recent, threshold } = this;
    const { guarantee } = context.machine.context;
    const { mixture, logM } = this.betting;
    const leader = mixture.leader();
    const delayRows = Math.max(1, mixture.steps - mixture.onsetOf(leader));
    const rowsAfter = Math.min(delayRows, recent.count);
    // An onset before the oldest recent row is extrapolated by the usual spacing.
    const forgotten = (delayRows - rowsAfter) * this.spacing.us;
    const onsetUs = Math.round(recent.timeBefore(rowsAfter - 1) - forgotten);
    const { member, change } = memberName(leader);
    const report = compareRegimes(this.baseline, recent.last(rowsAfter), rowsAfter, modeOf(leader));
    const extraNats = threshold.raised(guarantee);
    threshold.alarm(guarantee);
    scalars.kind = kindOf(leader);
    scalars.declaredUs = this.time;
    scalars.changedUs = onsetUs;
    scalars.delayRows = delayRows;
    scalars.rowsSinceDeclared = 0;
    scalars.quietRows = 0;
    this.calibration.reset();
    mixture.reset();
    context.signal({
      type: "declared",
      timeUs: this.time,
      onsetUs,
      delayRows,
      member,
      change,
      logM,
      threshold: threshold.promised,
      extraNats,
      effect: report.effect,
      purityChange: report.purityChange,
      fidelity: report.fidelity,
      bures: report.bures,
      pointerOverlap: report.pointerOverlap,
      entropyChange: report.entropyChange,
      rowsAfter,
      ...this.rangesIn(report),
      channels: report.moved.map((c) => group.channels[c]!.name),
      leftOut: this.leftOut(),
    });
    this.dependence.alarm(threshold.promised, this.time, context);
  }

  /** How the channel that moved most does now and usually, in its unit; log returns in percent. */
  private rangesIn({ moved, now, usual, share }: RegimeReport) {
    const { name, title, unit } = this.group.channels[moved[0]!]!;
    const isLog = this.innovation.chosen === "logReturn";
    const of =
      this.volatility !== null
        ? { unit: "σ", times: 1 }
        : isLog
          ? { unit: "%", times: 100 }
          : { unit, times: 1 };
    return {
      title: title === "" ? name : title,
      unit: of.unit,
      movesLow: of.times * now.low,
      movesHigh: of.times * now.high,
      usualLow: of.times * usual.low,
      usualHigh: of.times * usual.high,
      share: share === null ? null : share.value,
      usualShareLow: share === null ? null : share.low,
      usualShareHigh: share === null ? null : share.high,
    };
  }

  /** After a declaration: decides whether the collapse is over, lasts, or has become another one. */
  private decide(context: Context): void {
    if (this.lasting !== null) return;
    const { scalars, settings, threshold } = this;
    const { lnPromised } = threshold;
    const { mixture, logM } = this.betting;
    const rows = scalars.rowsSinceDeclared + 1;
    scalars.rowsSinceDeclared = rows;
    scalars.quietRows = lnPromised - logM > LN_SUSPECT ? scalars.quietRows + 1 : 0;
    // One change shows in several bets. Only much evidence of another kind within few rows is a further change.
    const leader = mixture.leader();
    const sudden = mixture.steps - mixture.onsetOf(leader) <= SUDDEN_ROWS && kindOf(leader) !== scalars.kind;
    if (sudden && logM >= this.further(context.machine.context.guarantee)) this.declareCollapse(context);
    else if ((logM >= lnPromised && !sudden) || rows >= UNDECIDED * settings.recoveryRows)
      this.learnAgain(rows, context);
    else if (scalars.quietRows >= settings.recoveryRows) {
      this.watchAnew();
      context.signal({ type: "returned", timeUs: this.time, rows });
    }
  }

  /** The collapse lasts: its regime is learnt, from more rows if the last baseline failed. */
  private learnAgain(rows: number, context: Context): void {
    const { scalars } = this;
    scalars.failures = failed(scalars.rowsWatched, scalars.learningRows) ? scalars.failures + 1 : 0;
    scalars.learningRows = relearningRows(this.calibrationRows, scalars.failures);
    this.rankSinceChange(scalars.delayRows + rows, context);
    this.lasting = { timeUs: this.time, rows };
  }

  /** Begins ranks anew with the rows since the change. */
  private rankSinceChange(rowsSince: number, context: Context): void {
    const { betting, baseline, recent, former, scalars, y } = this;
    const { n } = this.group;
    betting.reset();
    former.reset();
    scalars.rowsSinceChange = rowsSince;
    const before = recent.count - rowsSince;
    const rows = recent.last(recent.count);
    for (let r = 0; r < recent.count; r++) {
      if (!baseline.apply(rows.subarray(r * n, (r + 1) * n), y)) continue;
      if (r < before) former.before(y, baseline);
      else {
        betting.row(y, baseline, true, context);
        former.since(y, baseline, this.threshold.lnPromised);
      }
    }
    betting.mixture.reset();
  }

  /** The regime before the collapse is back, and its baseline with it. Rows between the two are forgotten; the next are ranked among the others. */
  private returnToFormer(context: Context): void {
    const { betting, baseline, recent, former, scalars, y } = this;
    const { n } = this.group;
    const { rowsBack } = former;
    recent.add(this.x, this.rowTime);
    recent.forget(recent.count - scalars.rowsSinceChange, recent.count - rowsBack);
    const rows = recent.last(recent.count);
    betting.reset();
    for (let at = 0; at < rows.length; at += n) {
      if (baseline.apply(rows.subarray(at, at + n), y)) betting.row(y, baseline, true, context);
    }
    this.watchAnew();
    context.signal({ type: "returned", timeUs: this.time, rows: rowsBack });
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
