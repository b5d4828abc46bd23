/**
 * Runs a detector as a filter: one row in, one row of numbers out, without look-ahead.
 *
 *     const scorer = createScorer("anomaly", ["cpu", "disk"], {});
 *     scorer.row(timeUs, [0.3, 17])  →  { anomaly_score: 0.02, alarm: 0, channel: null }
 *
 * It uses the row assembler and the detectors of the live system on one row-sampled group. Every input row has an output row: 0 while warming
 * up, and a repetition of the last one for a row without values. Missing values are NaN.
 */

import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import { parseSettings, type Settings } from "../../protocol/settings.ts";
import { type AnomalyDetector, anomaly } from "../detectors/anomaly/detector.ts";
import { type ChangesDetector, changes } from "../detectors/changes/detector.ts";
import { type CollapseDetector, collapse } from "../detectors/collapse/detector.ts";
import { type EstimatorDetector, estimator } from "../detectors/estimator/detector.ts";
import type { Group } from "../ports/detector.ts";
import { RowReader } from "./row-reader.ts";

export type DetectorName = "coherence" | "collapse" | "anomaly" | "changes";

export interface ScorerOptions {
  /** Spacing of the rows, µs; 0: measured. */
  readonly everyUs?: number;
  readonly innovation?: Group["innovation"];
  /** Settings (protocol/settings.ts), also incomplete ones. */
  readonly settings?: Record<string, unknown>;
}

/** Numbers, or null where there is none (an onset before the first alarm, an undefined measure). */
export type ScoredRow = Record<string, number | null>;

export interface Scorer {
  /** Names of the output fields, in order, for a header. */
  readonly fields: readonly string[];
  /** Of these, the one whose number is the place of a column; absent: none. */
  readonly column?: string;
  /** Scores a row; `values[c]` is the value of column c, NaN if missing. The next call reuses the returned row. */
  row(timeUs: number, values: ArrayLike<number>): ScoredRow;
}

/** A filter publishes no joint state, whose size and spectrum limit a group. The joint score of n columns costs n² a row: about a millisecond for so many. */
const MAX_SCORED_COLUMNS = 1_024;

/** Columns that a detector can score. */
export function mostColumns(detector: DetectorName): number {
  return detector === "coherence" ? MAX_GROUP_CHANNELS : MAX_SCORED_COLUMNS;
}

/** A scorer of one detector over the named columns: at most `mostColumns`, coherence needs at least two. */
export function createScorer(
  detector: DetectorName,
  columns: readonly string[],
  options: ScorerOptions = {},
): Scorer {
  const most = mostColumns(detector);
  if (columns.length > most) {
    throw new EigenwatchError({
      action: `score ${detector}`,
      value: `${columns.length} columns`,
      expected: `at most ${most}`,
      kind: "limit",
    });
  }
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
      return anomalyScorer(new RowReader(anomaly, settings, group));
    case "collapse":
      return collapseScorer(new RowReader(collapse, settings, group));
    case "changes":
      return changesScorer(new RowReader(changes, settings, group));
    case "coherence":
      if (columns.length < 2) {
        throw new EigenwatchError({
          action: "score coherence",
          value: `${columns.length} column`,
          expected: "at least two",
          kind: "input",
        });
      }
      return coherenceScorer(new RowReader(estimator, settings, group));
    default:
      return unreachable(detector);
  }
}

/** Anomalies and coherence use differences, because a random walk is normal. Collapse uses the residuals of an AR(1). */
const DEFAULT_INNOVATION: Record<DetectorName, Group["innovation"]> = {
  anomaly: "difference",
  collapse: "ar1",
  changes: "difference",
  coherence: "difference",
};

/** Rows between two false changes in files: a file of 500 rows has one in 200 files. */
const FILE_FALSE_CHANGE_ROWS = 100_000;

/**
 * Settings for files, unless they are set. Files may be short: a baseline is learnt from max(32, 4n) rows, and a collapse is over after 32 quiet
 * rows. The false-alarm rate is guaranteed with any number of rows (see the collapse detector). Each row counts as one for anomalies of all channels and for changes, and the rate of
 * changes is one of rows, because rows may be days or years apart.
 */
function forFiles(settings: Settings, n: number): Settings {
  const { anomaly, collapse, changes } = settings;
  const { falseAlarmSamples } = changes;
  return {
    ...settings,
    collapse:
      collapse.calibrationRows > 0
        ? collapse
        : { ...collapse, calibrationRows: Math.max(32, 4 * n), recoveryRows: 32 },
    anomaly: { ...anomaly, averageUs: 0 },
    changes: {
      ...changes,
      averageUs: 0,
      raiseNats: 0,
      falseAlarmSamples: falseAlarmSamples > 0 ? falseAlarmSamples : FILE_FALSE_CHANGE_ROWS,
    },
  };
}

/** The score of the row, whether something unusual goes on, and the channel that contributes most to it. */
function anomalyScorer(rows: RowReader<AnomalyDetector>): Scorer {
  const out: ScoredRow = { anomaly_score: 0, alarm: 0, channel: null };
  return {
    fields: ["anomaly_score", "alarm", "channel"],
    column: "channel",
    row(timeUs, values) {
      if (!rows.push(timeUs, values)) return out;
      const { detector } = rows;
      const channel = detector.alarmed();
      out["anomaly_score"] = detector.rowScore(rows);
      out["alarm"] = channel < 0 ? 0 : 1;
      out["channel"] = channel < 0 ? null : channel;
      return out;
    },
  };
}

function collapseScorer(rows: RowReader<CollapseDetector>): Scorer {
  const { detector } = rows;
  return declarationScorer("collapse_score", rows, {
    score: () => detector.score(rows),
    declared: () => detector.declaredUs !== 0,
  });
}

function changesScorer(rows: RowReader<ChangesDetector>): Scorer {
  const { detector } = rows;
  return declarationScorer("change_score", rows, {
    score: () => detector.score(),
    declared: () => !Number.isNaN(detector.declaredUs),
  });
}

/** A score, and the last declaration: when it was made and when the change began, µs. */
function declarationScorer(
  name: string,
  rows: RowReader<CollapseDetector | ChangesDetector>,
  { score, declared }: { score(): number; declared(): boolean },
): Scorer {
  const out: ScoredRow = { [name]: 0, declared_at: null, changed_at: null };
  return {
    fields: [name, "declared_at", "changed_at"],
    row(timeUs, values) {
      const { detector } = rows;
      if (rows.push(timeUs, values)) {
        out[name] = score();
        if (declared()) {
          out["declared_at"] = detector.declaredUs;
          out["changed_at"] = detector.changedUs;
        }
      }
      return out;
    },
  };
}

/** Measures of a density matrix, one column each. */
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

function coherenceScorer(rows: RowReader<EstimatorDetector>): Scorer {
  const out: ScoredRow = Object.fromEntries(MEASURES.map((name) => [name, 0]));
  return {
    fields: MEASURES,
    row(timeUs, values) {
      const measures = rows.push(timeUs, values) ? rows.detector.measures(rows) : null;
      if (measures) for (const name of MEASURES) out[name] = measures[name] ?? null;
      return out;
    },
  };
}

function unreachable(detector: never): never {
  throw new RangeError(
    `Cannot make a scorer of ${String(detector)}: expected coherence, collapse, anomaly or changes`,
  );
}
