/**
 * Chooses what of a value is new: its change since the row before, as the group declares it, or what an AR(1) model does not predict.
 *
 *   values ─┬─► declared innovation d ─► lag-1 correlation ─┐
 *           └─► AR(1) residual a ──────► lag-1 correlation ─┴─► after CHOICE_ROWS rows: a if it is clearly less dependent
 *
 * Prices are walks: their changes are new. Metrics fluctuate about a level: a change is partly undone by the next one, with a correlation of −½
 * for independent values, and rows that depend on each other void the guarantee. The group's own choice stays unless the data speak against it.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Batch, Fields, Group } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { ar1ResidualAt, MODEL_WIDTH } from "../rows/innovation.ts";

/** Rows that the choice is made from: the correlation of one channel has a standard deviation of 0.09 then, and of several channels less. */
const CHOICE_ROWS = 128;
/** Mean squared correlation of the declared innovations at which another choice is considered: that of 0.2 in all channels. */
const DEPENDENT = 0.04;
/** The other choice must have at most this share of it. */
const CLEARLY_LESS = 0.25;

const Scalars = namedNumbers(
  "rows",
  /** 1 once the choice is made, and 1 if it is the AR(1) residual. */
  "made",
  "residual",
  /** Mean lag-1 correlation of the declared innovations, and of the residuals, when the choice was made. */
  "lag1",
  "lag1Residual",
);
/** Of one channel and one kind of innovation: the last one, Σ x², Σ x x₋₁. */
const Products = namedNumbers("last", "squares", "products");

export class InnovationChoice {
  readonly fields: Fields;
  private readonly n: number;
  private readonly log: boolean;
  private readonly declares: Group["innovation"];
  private readonly scalars = new Scalars();
  private readonly models: Float64Array;
  /** A value and the one before. */
  private readonly pair = new Float64Array(2);
  private readonly previous: Float64Array;
  private readonly ofDeclared: InstanceType<typeof Products>;
  private readonly ofResidual: InstanceType<typeof Products>;

  constructor({ n, innovation }: Group) {
    this.n = n;
    this.declares = innovation;
    this.log = innovation === "logReturn";
    this.models = new Float64Array(MODEL_WIDTH * n);
    this.previous = new Float64Array(n).fill(Number.NaN);
    this.ofDeclared = new Products(n);
    this.ofResidual = new Products(n);
    this.fields = {
      choice: this.scalars.array,
      choiceModels: this.models,
      choicePrevious: this.previous,
      choiceDeclared: this.ofDeclared.array,
      choiceResidual: this.ofResidual.array,
    };
    // An AR(1) residual is declared: it falls back to differences by itself.
    if (innovation === "ar1") this.scalars.made = 1;
  }

  get chosen(): Group["innovation"] {
    return this.scalars.residual === 1 ? "ar1" : this.declares;
  }

  /** Mean lag-1 correlation of the declared innovations; 0 before the choice. */
  get lag1(): number {
    return this.scalars.lag1;
  }

  /** Writes the innovations of row r to `x`. Returns true if this row is the first of another kind than the rows before. O(n). */
  take(batch: Batch, r: number, x: Float64Array): boolean {
    const { n, scalars } = this;
    const at = r * n;
    for (let c = 0; c < n; c++) x[c] = batch.rowInnovation[at + c]!;
    if (scalars.made === 1 && scalars.residual === 0) return false;
    const gap = batch.gap[r] === 1;
    let whole = true;
    for (let c = 0; c < n; c++) {
      const declared = x[c]!;
      const residual = this.residualOf(c, batch.rowValue[at + c]!, batch.rowFresh[at + c]! === 1, gap);
      if (Number.isNaN(declared) || Number.isNaN(residual)) whole = false;
      else if (scalars.made === 0) {
        add(this.ofDeclared.at(c), declared);
        add(this.ofResidual.at(c), residual);
      }
      if (scalars.residual === 1) x[c] = residual;
    }
    if (scalars.made === 1 || !whole) return false;
    scalars.rows++;
    if (scalars.rows < CHOICE_ROWS) return false;
    this.choose();
    return scalars.residual === 1;
  }

  /** 0 for a channel that did not report, as the row assembler does; NaN without a value before. */
  private residualOf(c: number, value: number, fresh: boolean, gap: boolean): number {
    const { previous, models } = this;
    const level = this.log ? (value > 0 ? ln(value) : Number.NaN) : value;
    const before = gap ? Number.NaN : previous[c]!;
    previous[c] = level;
    if (Number.isNaN(level) || Number.isNaN(before)) return Number.NaN;
    if (!fresh) return 0;
    const { pair } = this;
    pair[0] = level;
    pair[1] = before;
    ar1ResidualAt(models, c, pair);
    return pair[0]!;
  }

  private choose(): void {
    const { n, scalars, ofDeclared, ofResidual } = this;
    let [channels, declared2, residual2] = [0, 0, 0];
    for (let c = 0; c < n; c++) {
      const declared = correlation(ofDeclared.at(c));
      const residual = correlation(ofResidual.at(c));
      if (Number.isNaN(declared) || Number.isNaN(residual)) continue;
      channels++;
      declared2 += declared * declared;
      residual2 += residual * residual;
      scalars.lag1 += declared;
      scalars.lag1Residual += residual;
    }
    scalars.made = 1;
    if (channels === 0) return;
    scalars.lag1 /= channels;
    scalars.lag1Residual /= channels;
    if (declared2 >= DEPENDENT * channels && residual2 <= CLEARLY_LESS * declared2) scalars.residual = 1;
  }
}

function add(of: InstanceType<typeof Products>, x: number): void {
  of.squares += x * x;
  of.products += x * of.last;
  of.last = x;
}

/** NaN for a channel that never moved. Innovations have a mean near 0. */
function correlation({ squares, products }: InstanceType<typeof Products>): number {
  return squares > 0 ? products / squares : Number.NaN;
}
