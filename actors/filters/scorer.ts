/**
 * The detectors as a filter: one row in, one row of numbers out, nothing ahead of the row is looked at.
 *
 *     const scorer = createScorer("anomaly", ["cpu", "disk"], {});
 *     scorer.row(timeUs, [0.3, 17])  →  { anomaly_score: 0.02 }
 *
 * It runs the same front end and parts as the live system on one row-sampled group. Every row has an output: 0 while warming up, and
 * what was last known for a row that completes nothing (all values missing). Empty cells are NaN.
 */

import { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { parseSettings, type Settings } from "../../protocol/settings.ts";
import { AnomalyDetector } from "../detectors/anomaly/detector.ts";
import { CollapseDetector } from "../detectors/collapse/detector.ts";
import { EstimatorDetector } from "../detectors/estimator/detector.ts";
import { RowAssembler } from "../detectors/rows/row-assembler.ts";
import type { Detector, DetectorContext, Group, Signal } from "../ports/detector.ts";

export type DetectorName = "coherence" | "collapse" | "anomaly";

export interface ScorerOptions {
  /** Nominal spacing of the rows, µs; 0: learnt from the rows. */
  readonly everyUs?: number;
  readonly innovation?: Group["innovation"];
  /** A settings object (protocol/settings.ts), or part of one. */
  readonly settings?: Record<string, unknown>;
}

/** Numbers, or null where a row has none yet (an onset before any alarm, a measure that is not defined). */
export type ScoredRow = Record<string, number | null>;

export interface Scorer {
  /** Names of the output fields, in order, for a header. */
  readonly fields: readonly string[];
  /** `values[c]` of column c; NaN where missing. The row returned is reused by the next call. */
  row(timeUs: number, values: ArrayLike<number>): ScoredRow;
}

/** A scorer of one detector over the named columns. Throws RangeError for coherence with fewer than two columns. */
export function createScorer(
  detector: DetectorName,
  columns: readonly string[],
  options: ScorerOptions = {},
): Scorer {
  const settings = forFiles(parseSettings(options.settings ?? {}), columns.length);
  const group: Group = {
    name: "rows",
    n: columns.length,
    channels: columns.map((name) => ({ name, title: "", unit: "" })),
    sampling: "rows",
    everyUs: options.everyUs ?? 0,
    innovation: options.innovation ?? DEFAULT_INNOVATION[detector],
  };
  switch (detector) {
    case "anomaly":
      return anomalyScorer(new RowFeed(group, settings.seed), new AnomalyDetector(settings, group));
    case "collapse":
      return collapseScorer(new RowFeed(group, settings.seed), new CollapseDetector(settings, group));
    case "coherence":
      if (columns.length < 2) {
        throw new EigenwatchError({
          action: "score coherence",
          value: `${columns.length} column`,
          expected: "at least two",
          kind: "input",
        });
      }
      return coherenceScorer(new RowFeed(group, settings.seed), new EstimatorDetector(settings, group));
    default:
      return unreachable(detector);
  }
}

/** Anomalies are judged on differences (a random walk is normal), changes of law on what AR(1) leaves unexplained. */
const DEFAULT_INNOVATION: Record<DetectorName, Group["innovation"]> = {
  anomaly: "difference",
  collapse: "ar1",
  coherence: "difference",
};

/**
 * Files may be short: where the settings leave it open, a baseline is learnt from max(32, 4n) rows (the promise holds with any number: see
 * the collapse detector) and a collapse is over after 32 quiet ones. A live system has time for more.
 */
function forFiles(settings: Settings, n: number): Settings {
  if (settings.collapse.calibrationRows > 0) return settings;
  const collapse = { ...settings.collapse, calibrationRows: Math.max(32, 4 * n), recoveryRows: 32 };
  return { ...settings, collapse };
}

function anomalyScorer(feed: RowFeed, part: AnomalyDetector): Scorer {
  const out: ScoredRow = { anomaly_score: 0 };
  return {
    fields: ["anomaly_score"],
    row(timeUs, values) {
      if (feed.push(timeUs, values, part)) out["anomaly_score"] = part.rowScore();
      return out;
    },
  };
}

function collapseScorer(feed: RowFeed, part: CollapseDetector): Scorer {
  const out: ScoredRow = { collapse_score: 0, declared_at: null, changed_at: null };
  return {
    fields: ["collapse_score", "declared_at", "changed_at"],
    row(timeUs, values) {
      if (feed.push(timeUs, values, part)) {
        // The machine's part in the live system: a lasting change becomes the new normal.
        if (feed.heard("persists")) part.act("rebaseline", {});
        out["collapse_score"] = part.score();
        if (part.declaredUs > 0) {
          out["declared_at"] = part.declaredUs;
          out["changed_at"] = part.changedUs;
        }
      }
      return out;
    },
  };
}

/** Measures of a density matrix that make a column each. */
const MEASURES = [
  "coherence",
  "purity",
  "purityCorrected",
  "cohL1Norm",
  "cohRel",
  "entropy",
  "effRank",
  "lambdaMax",
  "visibility",
  "significantPairs",
  "kappa",
  "nEff",
] as const;

function coherenceScorer(feed: RowFeed, part: EstimatorDetector): Scorer {
  const out: ScoredRow = Object.fromEntries(MEASURES.map((name) => [name, 0]));
  return {
    fields: MEASURES,
    row(timeUs, values) {
      if (feed.push(timeUs, values, part)) {
        const measures = part.measures();
        if (measures) for (const name of MEASURES) out[name] = measures[name] ?? null;
      }
      return out;
    },
  };
}

/** Rows as one-row frames through the group's front end. */
class RowFeed implements DetectorContext {
  now = 0;
  sequence = 0;
  private readonly front: RowAssembler;
  private readonly frame: Frame;
  private readonly signals: string[] = [];
  private state: number;

  constructor(group: Group, seed: number) {
    this.front = new RowAssembler(group);
    this.frame = {
      type: "frame",
      group: group.name,
      source: "rows",
      sequence: 0,
      count: group.n,
      time: new Float64Array(group.n),
      channel: Uint16Array.from({ length: group.n }, (_, c) => c),
      value: new Float64Array(group.n),
      size: null,
    };
    this.state = seed >>> 0;
  }

  /** False when the row completed nothing. */
  push(timeUs: number, values: ArrayLike<number>, part: Detector): boolean {
    const { frame } = this;
    this.sequence++;
    this.now = Math.max(this.now, timeUs);
    this.signals.length = 0;
    let finite = false;
    for (let c = 0; c < frame.count; c++) {
      frame.time[c] = timeUs;
      frame.value[c] = values[c]!;
      finite = finite || Number.isFinite(values[c]!);
    }
    if (!finite) return false;
    const batch = this.front.consume(frame);
    part.update(batch, this);
    return batch.rows > 0;
  }

  heard(type: string): boolean {
    return this.signals.includes(type);
  }

  signal(signal: Signal): void {
    this.signals.push(signal.type);
  }

  /** Mulberry32: only ties of ranks are broken by it. */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}

function unreachable(detector: never): never {
  throw new RangeError(
    `Cannot make a scorer of ${String(detector)}: expected coherence, collapse or anomaly`,
  );
}
