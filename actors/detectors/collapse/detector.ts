/**
 * R-SR: has the law of the innovations changed? An e-detector with a promise: mean rows between false alarms ≥ A.
 *
 *   row ─► y = W(x−μ₀) ─┬─ ‖y‖² ──────── conformal p ─► B1 ─┐
 *                       ├─ (u_k·y)²/‖y‖² conformal p ─► B2 ─┼─► Shiryaev–Roberts mixture M ── M ≥ A ─► declared
 *                       ├─ y ─────────────────────────► B3 ─┘
 *                       └─ y·y₋₁ and sizes ─► evidence of serial dependence ─► the promise is void
 *
 * Life of the part (the machine's states mirror it):
 *
 *   learning ─N₀ rows─► tracking ─M ≥ A─► collapsed ─quiet for recoveryRows─► tracking   (the old baseline holds again)
 *                          ▲                  ├─M ≥ A for another kind of change─► declared again
 *                          │                  └─M ≥ A again, or too long undecided─► relearning ─2n rows─┐
 *                          └──────────────────────────────────────────────────────────────────────────────┘
 *
 * Volatility in clusters breaks exchangeability: the promise is then void, and said to be. Where the settings ask for it, x is first divided
 * by a lagged running volatility: slow changes of size are followed then, and even sudden ones are forgotten within some rows.
 *
 * Rows are scored with weights, tables and ranks from before them; θ of tied ranks comes from the actor's random stream.
 * Sources: Shin, Ramdas & Rinaldo 2022 (e-detectors); Vovk, Gammerman & Shafer 2005 (conformal p); de la Peña 1999 (B3).
 * Cost: about 2 µs a row at n = 16.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import { ConformalRank } from "../../kernels/conformal.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import { MEAN_BET_FRACTIONS, MEAN_BET_WINDOWS, MeanBet } from "../../kernels/mean-bet.ts";
import { SerialCorrelation } from "../../kernels/serial-correlation.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { prefixed } from "../fields.ts";
import { RowSpacing } from "../row-spacing.ts";
import { Baseline, Calibration } from "./baseline.ts";
import {
  betTables,
  ENERGY_AT,
  kindOf,
  MEAN_AT,
  MEAN_MEMBERS,
  MEMBERS,
  MODES,
  memberName,
  placeBet,
  SHARE_AT,
  SHARE_FACTORS,
  WEIGHTS,
} from "./bets.ts";
import { EMixture } from "./e-mixture.ts";
import { compareRegimes } from "./report.ts";

/** Weight of a row in the running volatility: λ = 0.94 (RiskMetrics 1996). */
const VOLATILITY_WEIGHT = 0.06;
/** Scores a rank is taken among: p down to 1/2048, and a move of 16 KB at most. */
const RANK_WINDOW = 2048;
/** Rows kept to describe what came after the onset, and to name its time. */
const MEMORY_ROWS = 256;
/** Evidence of serial dependence that voids the promise: by chance once in ten million rows. */
const LN_DEPENDENT = 16.118;
/** Rows without new evidence of dependence, and correlation below this, restore it. */
const INDEPENDENT_ROWS = 2000;
const INDEPENDENT_BELOW = 0.05;
/** The one number a row of sizes is noisier: two standard deviations over its memory. */
const INDEPENDENT_SIZES_BELOW = 0.1;
/** Makes a uniform's standard deviation 1. */
const SQRT_12 = 3.4641016151377544;
/**
 * Every alarm raises the threshold by so many nats, and each row lowers it by their promised share; it stays between A and A². On the null
 * of the promise this hardly matters; on data that break it (volatility in clusters) alarms become rarer, and a great collapse is still
 * found soon, for it brings some nats a row. After Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift".
 */
const PER_ALARM = 2;
/** Suspicion begins at M = A/10 and ends below A/100: M has mean t on the null, so a root of A would be passed all the time. */
const LN_SUSPECT = Math.LN10;
const LN_CLEAR = 2 * Math.LN10;
/** Undecided for this many times recoveryRows, a collapse counts as lasting. */
const UNDECIDED = 4;

/** Share of ‖b‖‖δ‖ that a bet on the mean is charged: the cosine between the two is about a half when the bet is on nothing but δ. */
const MEAN_DOUBT = 0.5;

/** Calibration rows when the settings leave it open. */
const MIN_CALIBRATION = 500;
const MAX_CALIBRATION = 2000;
const CALIBRATION_PER_CHANNEL = 30;

/**
 * Rows to learn a new regime, on top of the correlation known before. Few, for the detector is blind meanwhile and the next collapse may
 * follow the last: B1 and B2 keep their promise with any whitening, and B3 pays for the error of the mean.
 */
const MIN_RELEARNING = 32;
const RELEARNING_PER_CHANNEL = 2;

const LEARNING = 0;
const TRACKING = 1;
const COLLAPSED = 2;
const RELEARNING = 3;

// Scalars.
const MODE = 0;
const LN_A = 1;
const SUSPECTED = 2;
const ROWS_IN_MODE = 3;
const QUIET_ROWS = 4;
const PERSISTS_SENT = 5;
const VOID = 6;
const ROWS_SINCE_DEPENDENT = 7;
const MEMORY_NEXT = 8;
const MEMORY_FILLED = 9;
const DECLARED_US = 10;
const CHANGED_US = 11;
/** Nats above ln A, from alarms already given. */
const EXTRA = 12;
/** A. */
const PROMISED = 13;
/** Kind of the last declared change. */
const KIND = 14;
const SCALARS = 15;

export class CollapseDetector implements Detector {
  readonly fields: Fields;
  private readonly settings: Settings["collapse"];
  private readonly group: Group;
  private readonly calibrationRows: number;
  private readonly relearningRows: number;
  private readonly scalars: Float64Array;
  private readonly calibration: Calibration;
  private readonly baseline: Baseline;
  private readonly detector: EMixture;
  private readonly ranks: readonly ConformalRank[];
  private readonly means: MeanBet;
  private readonly serial: SerialCorrelation;
  /** The same for how large rows are: volatility in clusters is dependence too. */
  private readonly sizes: SerialCorrelation;
  private readonly spacing: RowSpacing;
  /** Ring of the last rows, in units of σ₀, and their times. */
  private readonly memory: Float64Array;
  private readonly memoryTime: Float64Array;
  private readonly volatility: EwmaMoments | null;
  private readonly x: Float64Array;
  private readonly standardised: Float64Array;
  /** Rank of the row's energy, uniform on (−√3, √3) while rows are exchangeable. */
  private readonly size = new Float64Array(1);
  private readonly y: Float64Array;
  private readonly betLength = new Float64Array(MEAN_BET_WINDOWS.length);
  private readonly eValues = new Float64Array(MEMBERS);
  private readonly logE = new Float64Array(MEAN_MEMBERS);

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.collapse;
    this.group = group;
    this.calibrationRows =
      settings.collapse.calibrationRows ||
      Math.min(MAX_CALIBRATION, Math.max(MIN_CALIBRATION, CALIBRATION_PER_CHANNEL * n));
    this.relearningRows = Math.min(
      this.calibrationRows,
      Math.max(MIN_RELEARNING, RELEARNING_PER_CHANNEL * n),
    );
    this.scalars = new Float64Array(SCALARS);
    this.calibration = new Calibration(n);
    this.baseline = new Baseline(n);
    this.detector = new EMixture(WEIGHTS, settings.collapse.statistic);
    this.ranks = Array.from({ length: 1 + MODES }, () => new ConformalRank(RANK_WINDOW));
    this.means = new MeanBet(n);
    this.serial = new SerialCorrelation(n);
    this.sizes = new SerialCorrelation(1);
    this.volatility = settings.collapse.volatility === "ewma" ? new EwmaMoments(n, VOLATILITY_WEIGHT) : null;
    this.x = new Float64Array(n);
    this.spacing = new RowSpacing(group.everyUs);
    this.memory = new Float64Array(MEMORY_ROWS * n);
    this.memoryTime = new Float64Array(MEMORY_ROWS);
    this.standardised = new Float64Array(n);
    this.y = new Float64Array(n);
    this.fields = {
      scalars: this.scalars,
      ...prefixed("calibration", this.calibration.fields),
      ...prefixed("baseline", this.baseline.fields),
      ...prefixed("detector", this.detector.fields),
      ...prefixed("energy", this.ranks[0]!.fields),
      ...prefixed("mode1", this.ranks[1]!.fields),
      ...prefixed("mode2", this.ranks[2]!.fields),
      ...prefixed("mean", this.means.fields),
      ...prefixed("serial", this.serial.fields),
      ...prefixed("sizes", this.sizes.fields),
      ...(this.volatility ? prefixed("volatility", this.volatility.fields) : {}),
      ...this.spacing.fields,
      memory: this.memory,
      memoryTime: this.memoryTime,
    };
  }

  update(batch: Batch, context: DetectorContext): void {
    const { scalars } = this;
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      this.spacing.see(time, batch.gap[r] === 1);
      this.takeInnovations(batch, r);
      if (scalars[MODE] === LEARNING || scalars[MODE] === RELEARNING) this.learn(time, context);
      else this.watch(time, context);
    }
  }

  act(name: string, _parameters: Record<string, unknown>): void {
    if (name !== "rebaseline")
      throw new Error(`Cannot do ${name} in the collapse detector: expected "rebaseline"`);
    this.enter(RELEARNING);
  }

  /** min(1, ln M / ln A): 1 while M ≥ A, and while a declared collapse lasts. 0 before the first calibration. */
  score(): number {
    const { scalars } = this;
    if (scalars[MODE] === COLLAPSED || scalars[MODE] === RELEARNING) return 1;
    if (scalars[MODE] === LEARNING) return 0;
    const part = this.detector.logEvidence / (scalars[LN_A]! + scalars[EXTRA]!);
    return part > 0 ? Math.min(1, part) : 0;
  }

  /** Time of the last declaration and of its estimated onset, µs; 0 without one. */
  get declaredUs(): number {
    return this.scalars[DECLARED_US]!;
  }

  get changedUs(): number {
    return this.scalars[CHANGED_US]!;
  }

  /** The row's innovations, in units of their running volatility where that is asked for. */
  private takeInnovations(batch: Batch, r: number): void {
    const { n } = this.group;
    const { x, volatility } = this;
    for (let c = 0; c < n; c++) {
      const innovation = batch.rowInnovation[r * n + c]!;
      x[c] = volatility === null || Number.isNaN(innovation) ? innovation : volatility.scale(c, innovation);
    }
  }

  private learn(time: number, context: DetectorContext): void {
    const { calibration, scalars, baseline } = this;
    calibration.take(this.x);
    const { rows } = calibration;
    const again = scalars[MODE] === RELEARNING;
    // The rows themselves are needed once more, in units of the old baseline: seedEnergies.
    if (again && !Number.isNaN(baseline.apply(this.x, this.standardised, this.y))) this.remember(time);
    if (rows < (again ? this.relearningRows : this.calibrationRows)) return;
    for (const rank of this.ranks) rank.reset();
    if (again) this.seedEnergies(context);
    baseline.learn(calibration, again ? this.relearningRows : 0);
    // Nothing varied: there is nothing to watch yet.
    if (baseline.channels === 0) {
      calibration.reset();
      return;
    }
    const threshold = falseAlarmSamples(this.settings, this.spacing.us || UNKNOWN_SPACING_US);
    scalars[LN_A] = ln(threshold);
    scalars[PROMISED] = threshold;
    this.means.fields.means.fill(0);
    this.serial.reset();
    this.sizes.reset();
    this.restart();
    this.enter(TRACKING);
    context.signal({
      type: "calibrated",
      timeUs: time,
      rows,
      threshold,
      leftOut: this.leftOut(),
    });
  }

  /**
   * Energies for the ranks of a relearnt baseline, so that it is not blind until new rows have filled them: those of the rows it is
   * learnt from, each scored by a baseline learnt without it (two halves, every other row; same mixture with the old correlation, same
   * shrinkage). Vovk 2015, "Cross-conformal predictors". Shares of modes get no such start: the halves' modes differ too much, and
   * false alarms after a relearning came three times as often as promised. With energies alone ARL 500 is 1,200 and more.
   */
  private seedEnergies(context: DetectorContext): void {
    const { n } = this.group;
    const { baseline, relearningRows, standardised, y } = this;
    const rows = Math.min(relearningRows, this.scalars[MEMORY_FILLED]!);
    const x = baseline.unstandardise(this.recent(rows));
    const halves = [0, 1].map((half) => {
      const others = new Calibration(n);
      for (let r = 0; r < rows; r++) if (r % 2 !== half) others.take(x.subarray(r * n, (r + 1) * n));
      const learnt = baseline.copy();
      learnt.learn(others, relearningRows / 2, rows + relearningRows);
      return learnt;
    });
    for (let r = 0; r < rows; r++) {
      const energy = halves[r % 2]!.apply(x.subarray(r * n, (r + 1) * n), standardised, y);
      this.ranks[0]!.push(energy, 1 - context.random());
    }
  }

  private watch(time: number, context: DetectorContext): void {
    const { scalars, baseline, standardised, y } = this;
    const energy = baseline.apply(this.x, standardised, y);
    if (Number.isNaN(energy)) return;
    this.remember(time);
    const logM = this.bet(energy, context);
    scalars[ROWS_IN_MODE] = scalars[ROWS_IN_MODE]! + 1;
    if (scalars[MODE] === COLLAPSED) {
      this.calibration.take(this.x);
      this.decide(logM, time, context);
      return;
    }
    this.watchDependence(time, context);
    scalars[EXTRA] = Math.max(0, scalars[EXTRA]! - PER_ALARM * this.promisedRate);
    if (logM >= scalars[LN_A]! + scalars[EXTRA]!) this.declareCollapse(logM, time, context);
    else this.suspect(logM, time, context);
  }

  /** Places all bets on this row; ln M after it. */
  private bet(energy: number, context: DetectorContext): number {
    const { eValues, ranks, baseline, y } = this;
    const tables = betTables(baseline.channels);
    const p = ranks[0]!.push(energy, 1 - context.random());
    this.size[0] = SQRT_12 * (p - 0.5);
    placeBet(tables.energy, p, eValues, ENERGY_AT);
    for (let k = 0; k < MODES; k++) {
      const at = SHARE_AT + k * SHARE_FACTORS.length;
      if (tables.share === null) eValues.fill(0, at, at + SHARE_FACTORS.length);
      else {
        const share = energy > 0 ? baseline.share(k, y, energy) : 0;
        placeBet(tables.share, ranks[1 + k]!.push(share, 1 - context.random()), eValues, at);
      }
    }
    this.betOnMean();
    const mixed = this.detector.update(eValues);
    // Most rows bring no evidence: their logarithm is not needed by anybody.
    return mixed > 1 ? ln(mixed) : 0;
  }

  /**
   * B3, less what the error of μ₀ can make it win. That error δ has E‖δ‖² = m/N; a bet b on it gains at most ‖b‖‖δ‖ a row, and a
   * bet on the mean of the last 128 rows does find it. Without the charge ARL 500 is 510 and ARL 2000 is 1400 at N = 500, n = 16.
   */
  private betOnMean(): void {
    const { baseline, eValues, logE, means, y } = this;
    const { n } = this.group;
    const doubt = Math.sqrt(baseline.channels / baseline.rows);
    for (let w = 0; w < MEAN_BET_WINDOWS.length; w++) {
      let norm2 = 0;
      for (let i = w * n; i < (w + 1) * n; i++) norm2 += means.fields.means[i]! * means.fields.means[i]!;
      this.betLength[w] = norm2 > 0 ? Math.max(0.5, Math.min(1.2, Math.sqrt(norm2))) : 0;
    }
    means.logE(y, logE, 0);
    for (let m = 0; m < MEAN_MEMBERS; m++) {
      const window = Math.floor(m / MEAN_BET_FRACTIONS.length);
      const fraction = MEAN_BET_FRACTIONS[m % MEAN_BET_FRACTIONS.length]!;
      eValues[MEAN_AT + m] = exp(logE[m]! - MEAN_DOUBT * doubt * fraction * this.betLength[window]!);
    }
  }

  private suspect(logM: number, time: number, context: DetectorContext): void {
    const { scalars } = this;
    const short = scalars[LN_A]! + scalars[EXTRA]! - logM;
    if (scalars[SUSPECTED] === 0) {
      if (short <= LN_SUSPECT) {
        scalars[SUSPECTED] = 1;
        context.signal({ type: "suspected", timeUs: time, logM });
      } else this.baseline.refine(this.standardised);
    } else if (short > LN_CLEAR) {
      scalars[SUSPECTED] = 0;
      context.signal({ type: "cleared", timeUs: time, logM });
    }
  }

  private declareCollapse(logM: number, time: number, context: DetectorContext): void {
    const { scalars, detector, group } = this;
    const leader = detector.leader();
    const delayRows = Math.max(1, detector.steps - detector.onsetOf(leader));
    const rowsAfter = Math.min(delayRows, scalars[MEMORY_FILLED]!);
    // Beyond the rows that are remembered, by the usual spacing.
    const forgotten = (delayRows - rowsAfter) * this.spacing.us;
    const onsetUs = Math.round(this.timeBefore(rowsAfter - 1) - forgotten);
    const { member, change } = memberName(leader);
    const report = compareRegimes(this.baseline, this.recent(rowsAfter), rowsAfter);
    const extraNats = scalars[EXTRA]!;
    scalars[EXTRA] = Math.min(scalars[LN_A]!, extraNats + PER_ALARM);
    scalars[KIND] = kindOf(leader);
    scalars[DECLARED_US] = time;
    scalars[CHANGED_US] = onsetUs;
    context.signal({
      type: "declared",
      timeUs: time,
      onsetUs,
      delayRows,
      member,
      change,
      logM,
      threshold: scalars[PROMISED]!,
      extraNats,
      guarantee: scalars[VOID] === 1 ? "void" : "holds",
      purityChange: report.purityChange,
      fidelity: report.fidelity,
      bures: report.bures,
      pointerOverlap: report.pointerOverlap,
      entropyChange: report.entropyChange,
      rowsAfter,
      channels: report.moved.map((c) => group.channels[c]!.name),
      leftOut: this.leftOut(),
    });
    this.calibration.reset();
    this.restart();
    this.enter(COLLAPSED);
  }

  /** After a declaration: is it over, or does it last? */
  private decide(logM: number, time: number, context: DetectorContext): void {
    const { scalars, settings } = this;
    const lnA = scalars[LN_A]!;
    const rows = scalars[ROWS_IN_MODE]!;
    scalars[QUIET_ROWS] = lnA - logM > LN_SUSPECT ? scalars[QUIET_ROWS]! + 1 : 0;
    if (scalars[PERSISTS_SENT] === 1) return;
    // Strong evidence of another kind of change is not the first one lasting, but a further one.
    const further = logM >= lnA && kindOf(this.detector.leader()) !== scalars[KIND];
    if (further && logM >= lnA + scalars[EXTRA]!) this.declareCollapse(logM, time, context);
    else if ((logM >= lnA && !further) || rows >= UNDECIDED * settings.recoveryRows) {
      scalars[PERSISTS_SENT] = 1;
      context.signal({ type: "persists", timeUs: time, rows });
    } else if (scalars[QUIET_ROWS]! >= settings.recoveryRows) {
      this.restart();
      this.enter(TRACKING);
      context.signal({ type: "returned", timeUs: time, rows });
    }
  }

  private watchDependence(time: number, context: DetectorContext): void {
    const { scalars, serial, sizes } = this;
    const ofRows = serial.update(this.y);
    const ofSizes = sizes.update(this.size);
    const evidence = Math.max(ofRows, ofSizes);
    const worse = ofRows >= ofSizes ? serial : sizes;
    scalars[ROWS_SINCE_DEPENDENT] = scalars[ROWS_SINCE_DEPENDENT]! + 1;
    if (evidence >= LN_DEPENDENT) {
      worse.reset();
      scalars[ROWS_SINCE_DEPENDENT] = 0;
      if (scalars[VOID] === 1) return;
      scalars[VOID] = 1;
      const of = worse === serial ? "values" : "sizes";
      context.signal({ type: "dependent", timeUs: time, of, lag1: worse.autocorrelation, evidence });
    } else if (
      scalars[VOID] === 1 &&
      scalars[ROWS_SINCE_DEPENDENT]! >= INDEPENDENT_ROWS &&
      Math.abs(serial.autocorrelation) < INDEPENDENT_BELOW &&
      Math.abs(sizes.autocorrelation) < INDEPENDENT_SIZES_BELOW
    ) {
      scalars[VOID] = 0;
      context.signal({ type: "independent", timeUs: time, lag1: serial.autocorrelation });
    }
  }

  private restart(): void {
    this.detector.reset();
    this.scalars[SUSPECTED] = 0;
  }

  private enter(mode: number): void {
    const { scalars } = this;
    scalars[MODE] = mode;
    scalars[ROWS_IN_MODE] = 0;
    scalars[QUIET_ROWS] = 0;
    scalars[PERSISTS_SENT] = 0;
    if (mode === TRACKING) this.calibration.reset();
  }

  /** False alarms per row, as promised. */
  private get promisedRate(): number {
    return 1 / this.scalars[PROMISED]!;
  }

  private leftOut(): string[] {
    return this.group.channels.filter((_, c) => this.baseline.kept[c] === 0).map((channel) => channel.name);
  }

  private remember(time: number): void {
    const { scalars, memory, standardised } = this;
    const slot = scalars[MEMORY_NEXT]!;
    memory.set(standardised, slot * this.group.n);
    this.memoryTime[slot] = time;
    scalars[MEMORY_NEXT] = slot + 1 === MEMORY_ROWS ? 0 : slot + 1;
    if (scalars[MEMORY_FILLED]! < MEMORY_ROWS) scalars[MEMORY_FILLED] = scalars[MEMORY_FILLED]! + 1;
  }

  /** Time of the row `back` rows before the last. */
  private timeBefore(back: number): number {
    return this.memoryTime[(this.scalars[MEMORY_NEXT]! - 1 - back + 2 * MEMORY_ROWS) % MEMORY_ROWS]!;
  }

  /** The last `rows` standardised rows, oldest first. */
  private recent(rows: number): Float64Array {
    const { n } = this.group;
    const out = new Float64Array(rows * n);
    for (let k = 0; k < rows; k++) {
      const slot = (this.scalars[MEMORY_NEXT]! - rows + k + 2 * MEMORY_ROWS) % MEMORY_ROWS;
      out.set(this.memory.subarray(slot * n, (slot + 1) * n), k * n);
    }
    return out;
  }
}
