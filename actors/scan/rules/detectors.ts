/** Detectors of Eigenwatch over one symbol: the score of each row, as `eigenwatch detect` gives it for a table of that symbol, and their measures. */
import { defaultSettings } from "../../../protocol/settings.ts";
import { prediction } from "../../detectors/prediction/detector.ts";
import { risk } from "../../detectors/risk/detector.ts";
import { trend } from "../../detectors/trend/detector.ts";
import { RowReader } from "../../filters/row-reader.ts";
import { createScorer, type DetectorName } from "../../filters/scorer.ts";
import type { ActorDefinition, Detector, Group } from "../../ports/detector.ts";
import type { SymbolView } from "./symbol-view.ts";

/** Those of `up` for a detector that a person switches on. */
const SETTINGS = defaultSettings();

const closes = (symbol: SymbolView): Float64Array[] => [symbol.column("close")];

interface ScoreOf {
  readonly of: DetectorName;
  readonly field: string;
  columns(symbol: SymbolView): Float64Array[];
  readonly innovation: Group["innovation"];
  /** It says nothing of columns of which one stands still: what is left is one motion, whatever the other does. */
  readonly needsMotion?: true;
}

/** A measure of the joint state of the symbol and the mean of the others. */
const joint = (field: string): ScoreOf => ({
  of: "coherence",
  field,
  columns: logLevels,
  innovation: "difference",
  needsMotion: true,
});

/** The field of a scored row, by name of the function. */
const SCORES = {
  anomaly: { of: "anomaly", field: "anomaly_score", columns: closes, innovation: "logReturn" },
  collapse: {
    of: "collapse",
    field: "collapse_score",
    columns: (symbol) => [symbol.column("close"), levelOf(symbol.market())],
    innovation: "ar1",
  },
  changes: { of: "changes", field: "change_score", columns: closes, innovation: "logReturn" },
  purity: joint("purity"),
  entropy: joint("entropy"),
} as const satisfies Record<string, ScoreOf>;

export function detectorColumn(score: keyof typeof SCORES, symbol: SymbolView): Float64Array {
  const { of, field, columns: columnsOf, innovation, needsMotion }: ScoreOf = SCORES[score];
  const columns = columnsOf(symbol);
  const scorer = createScorer(of, [SYMBOL, "market"].slice(0, columns.length), { innovation });
  const row = new Float64Array(columns.length);
  const out = new Float64Array(symbol.rows);
  for (let i = 0; i < symbol.rows; i++) {
    for (let c = 0; c < columns.length; c++) row[c] = columns[c]![i]!;
    out[i] = scorer.row(symbol.timeUs[i]!, row)[field] ?? Number.NaN;
  }
  if (needsMotion === true) keepMoving(columns, out);
  return out;
}

/** Rows in which symbol and market move before their joint state counts as known; one row alone is always one motion. */
const MOVING_ROWS = SETTINGS.estimator.warmupRows;

/** Rows until purity and entropy have a value: a return needs two closes. */
export const JOINT_ROWS = MOVING_ROWS + 1;

/** NaN until all columns have moved together in MOVING_ROWS rows, and where they have not in the latest so many. */
function keepMoving(columns: readonly Float64Array[], out: Float64Array): void {
  let moved = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < out.length; i++) {
    if (i > 0 && columns.every((column) => column[i] !== column[i - 1])) {
      moved++;
      last = i;
    }
    if (moved < MOVING_ROWS || i - last >= MOVING_ROWS) out[i] = Number.NaN;
  }
}

/** A detector that gives measures of a channel. */
interface Measuring extends Detector {
  addMeasures(measures: Record<string, number>): void;
}

interface MeasureOf {
  readonly of: ActorDefinition<Measuring>;
  readonly name: string;
}

/** By name of the function. */
const MEASURES = {
  trend: { of: trend, name: "trend.significance" },
  forecast: { of: prediction, name: "prediction.value" },
  value_at_risk: { of: risk, name: "risk.var95" },
  expected_shortfall: { of: risk, name: "risk.es95" },
} as const satisfies Record<string, MeasureOf>;

/** A measure of the symbol's close at each row; NaN until the detector knows it. */
export function measureColumn(measure: keyof typeof MEASURES, symbol: SymbolView): Float64Array {
  const { of, name }: MeasureOf = MEASURES[measure];
  const close = symbol.column("close");
  const rows = new RowReader(of, SETTINGS, GROUP);
  const out = new Float64Array(symbol.rows);
  const row = new Float64Array(1);
  for (let i = 0; i < out.length; i++) {
    row[0] = close[i]!;
    rows.push(symbol.timeUs[i]!, row);
    const measures: Record<string, number> = {};
    rows.detector.addMeasures(measures);
    out[i] = measures[`${name}.${SYMBOL}`] ?? Number.NaN;
  }
  return out;
}

const SYMBOL = "symbol";

/** The symbol alone, as a channel of prices. */
const GROUP: Group = {
  name: "rows",
  n: 1,
  channels: [{ name: SYMBOL, title: "", unit: "" }],
  sampling: "rows",
  everyUs: 0,
  innovation: "logReturn",
};

/** The symbol and the mean of the others, whose differences are log returns. */
function logLevels(symbol: SymbolView): Float64Array[] {
  return [levelOf(symbol.logReturns()), levelOf(symbol.market())];
}

/** The sum of log returns: for the market the level that the symbol is compared with. */
function levelOf(returns: Float64Array): Float64Array {
  let level = 0;
  return returns.map((value) => {
    if (Number.isFinite(value)) level += value;
    return level;
  });
}
