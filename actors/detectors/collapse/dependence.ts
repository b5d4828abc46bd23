/**
 * Tests whether successive rows depend on each other. The false-alarm rate is guaranteed only for independent rows.
 *
 * Two streams are tested for serial correlation: the whitened rows and their sizes, because volatility in clusters is also dependence.
 */
import { SerialCorrelation } from "../../kernels/serial-correlation.ts";
import type { DetectorContext, Fields } from "../../ports/detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import type { collapseMachine } from "./machine.ts";

/** Evidence that voids the guarantee. Independent rows reach it once in ten million rows. */
const LN_DEPENDENT = 16.118;
/** The guarantee is restored after this many rows without new evidence, if the correlations are below these limits. */
const INDEPENDENT_ROWS = 2000;
const INDEPENDENT_BELOW = 0.05;
/** The size of a row is a single number, so its correlation is noisier: two standard deviations over its memory. */
const INDEPENDENT_SIZES_BELOW = 0.1;
/** Makes a uniform's standard deviation 1. */
const SQRT_12 = 3.4641016151377544;

const Scalars = namedNumbers("rowsSinceEvidence");

export class DependenceWatch {
  readonly fields: Fields;
  private readonly scalars = new Scalars();
  private readonly values: SerialCorrelation;
  private readonly sizes = new SerialCorrelation(1);
  /** Rank of the row's energy, uniform on (−√3, √3) while rows are exchangeable. */
  private readonly size = new Float64Array(1);

  constructor(n: number) {
    this.values = new SerialCorrelation(n);
    this.fields = {
      dependence: this.scalars.array,
      ...prefixed("serial", this.values.fields),
      ...prefixed("sizes", this.sizes.fields),
    };
  }

  /** Tests a whitened row and the p-value of its energy. Signals when the guarantee becomes void or is restored. */
  row(
    y: Float64Array,
    energyRank: number,
    timeUs: number,
    context: DetectorContext<typeof collapseMachine>,
  ): void {
    const { scalars, values, sizes, size } = this;
    const { guarantee } = context.machine.context;
    size[0] = SQRT_12 * (energyRank - 0.5);
    const ofValues = values.update(y);
    const ofSizes = sizes.update(size);
    const evidence = Math.max(ofValues, ofSizes);
    scalars.rowsSinceEvidence++;
    if (evidence >= LN_DEPENDENT) {
      const of = ofValues >= ofSizes ? "values" : "sizes";
      const stream = of === "values" ? values : sizes;
      stream.reset();
      scalars.rowsSinceEvidence = 0;
      if (guarantee === "holds")
        context.signal({ type: "dependent", timeUs, of, lag1: stream.autocorrelation, evidence });
    } else if (
      guarantee === "void" &&
      scalars.rowsSinceEvidence >= INDEPENDENT_ROWS &&
      Math.abs(values.autocorrelation) < INDEPENDENT_BELOW &&
      Math.abs(sizes.autocorrelation) < INDEPENDENT_SIZES_BELOW
    )
      context.signal({ type: "independent", timeUs, lag1: values.autocorrelation });
  }

  /** Discards the evidence, because another baseline whitens the rows now. */
  reset(): void {
    this.values.reset();
    this.sizes.reset();
  }
}
