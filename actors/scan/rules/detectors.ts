/** Detectors of Eigenwatch over one symbol: the score of each row, as `eigenwatch detect` gives it for a table of that symbol. */
import { createScorer } from "../../filters/scorer.ts";
import type { SymbolView } from "./symbol-view.ts";

/** The field of a scored row. */
const SCORES = { anomaly: "anomaly_score", collapse: "collapse_score", changes: "change_score" } as const;

export function detectorColumn(detector: keyof typeof SCORES, symbol: SymbolView): Float64Array {
  const close = symbol.column("close");
  const columns = detector === "collapse" ? [close, marketLevel(symbol)] : [close];
  const names = ["symbol", "market"].slice(0, columns.length);
  const scorer = createScorer(detector, names, { innovation: detector === "collapse" ? "ar1" : "logReturn" });
  const row = new Float64Array(columns.length);
  const out = new Float64Array(symbol.rows);
  for (let i = 0; i < symbol.rows; i++) {
    for (let c = 0; c < columns.length; c++) row[c] = columns[c]![i]!;
    out[i] = scorer.row(symbol.timeUs[i]!, row)[SCORES[detector]] ?? Number.NaN;
  }
  return out;
}

/** The sum of the mean log returns of the others: the level that the collapse detector compares the symbol with. */
function marketLevel(symbol: SymbolView): Float64Array {
  let level = 0;
  return symbol.market().map((value) => {
    if (Number.isFinite(value)) level += value;
    return level;
  });
}
