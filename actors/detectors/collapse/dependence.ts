/**
 * Tests whether the false-alarm rate can be guaranteed. It is guaranteed only for independent rows.
 *
 * Two streams are tested for serial correlation: the ranked rows and the ranks of their sizes, because volatility in clusters is also
 * dependence. Ranks are tested, not values: with a skewed law, products of successive values drift although the rows are independent. The
 * third test counts the alarms (alarm-rate.ts).
 */
import { SerialCorrelation } from "../../kernels/serial-correlation.ts";
import type { DetectorContext, Fields } from "../../ports/detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { AlarmRate } from "./alarm-rate.ts";
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

type Context = DetectorContext<typeof collapseMachine>;

export class DependenceWatch {
  readonly fields: Fields;
  private readonly scalars = new Scalars();
  private readonly values: SerialCorrelation;
  private readonly sizes = new SerialCorrelation(1);
  private readonly alarms = new AlarmRate();
  /** Rank of the row's energy, uniform on (−√3, √3) while rows are exchangeable. */
  private readonly size = new Float64Array(1);

  constructor(n: number) {
    this.values = new SerialCorrelation(n);
    this.fields = {
      dependence: this.scalars.array,
      ...prefixed("serial", this.values.fields),
      ...prefixed("sizes", this.sizes.fields),
      ...this.alarms.fields,
    };
  }

  /**
   * Tests a row by the normal scores of its channels and ranks[0], the p-value of its energy; time[0] is its time, µs. Signals when the guarantee becomes void or is restored.
   * `promised`: A.
   */
  row(
    scores: Float64Array,
    ranks: Float64Array,
    promised: number,
    time: Float64Array,
    context: Context,
  ): void {
    const { scalars, values, sizes, size, alarms } = this;
    const { guarantee } = context.machine.context;
    size[0] = SQRT_12 * (ranks[0]! - 0.5);
    values.update(scores);
    sizes.update(size);
    const ofValues = values.logEvidence;
    const ofSizes = sizes.logEvidence;
    const evidence = Math.max(ofValues, ofSizes);
    scalars.rowsSinceEvidence++;
    alarms.row();
    if (evidence >= LN_DEPENDENT) {
      const of = ofValues >= ofSizes ? "values" : "sizes";
      const stream = of === "values" ? values : sizes;
      stream.reset();
      scalars.rowsSinceEvidence = 0;
      if (guarantee !== "void")
        context.signal({
          type: "dependent",
          timeUs: time[0]!,
          of,
          lag1: stream.autocorrelation,
          times: 0,
          evidence,
        });
    } else if (
      guarantee === "void" &&
      scalars.rowsSinceEvidence >= INDEPENDENT_ROWS &&
      Math.abs(values.autocorrelation) < INDEPENDENT_BELOW &&
      Math.abs(sizes.autocorrelation) < INDEPENDENT_SIZES_BELOW &&
      alarms.calm(promised)
    )
      context.signal({ type: "independent", timeUs: time[0]!, lag1: values.autocorrelation });
  }

  /** A row on which an alarm could have been raised. Signals when it is known that alarms do not come much more often than promised. */
  watched(promised: number, time: Float64Array, context: Context): void {
    const { alarms } = this;
    alarms.watched(promised);
    if (context.machine.context.guarantee === "unknown" && alarms.isKnown)
      context.signal({ type: "confirmed", timeUs: time[0]!, ...alarms.counted });
  }

  /** An alarm on the last row. Signals when alarms come too often for the guarantee. */
  alarm(promised: number, timeUs: number, context: Context): void {
    const { alarms, scalars, values } = this;
    const evidence = alarms.alarm(promised);
    const { times } = alarms;
    if (times === 0) return;
    scalars.rowsSinceEvidence = 0;
    if (context.machine.context.guarantee !== "void")
      context.signal({
        type: "dependent",
        timeUs,
        of: "alarms",
        lag1: values.autocorrelation,
        times,
        evidence,
      });
  }

  /** Discards the evidence, because another baseline whitens the rows now. */
  reset(): void {
    this.values.reset();
    this.sizes.reset();
  }
}
