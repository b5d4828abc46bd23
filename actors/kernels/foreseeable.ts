/**
 * The part of a stream of normal scores that their own past foretells, as it does when their size comes in clusters.
 *
 *   û_t = β·m_{t−1}      m: averages of the scores over 4, 16, 64 and 256 rows
 *
 * β is a ridge regression of u on m, solved recursively, with exponential forgetting. The regression of u_t uses only rows before t. A score
 * is ±3 or so whatever the law of the data, so that no row has much leverage.
 *
 * `gain` is the logarithm of the likelihood ratio of "mean û, variance 1" and "mean 0, variance 1" over the last rows. While rows are
 * independent it stays below 8 nats: e^gain then has mean at most 1.
 *
 * Sources: Corsi 2009, J. Financial Econometrics 7:174 (averages over several horizons).
 */
import { RecursiveRidge } from "./recursive-ridge.ts";

/** Memories of the averages, in rows. */
const HORIZONS: readonly number[] = [4, 16, 64, 256];
const K = HORIZONS.length;
/** Weight of "β is 0", in rows with averages of variance 1. A slow average varies less, so that it needs more rows to count. */
const RIDGE = 100;
/** Rows that the regression remembers: as many as it needs to know four coefficients to some percent. */
const MEMORY_ROWS = 8192;
/** Rows that the gain remembers: shorter than the regression, so that a foreseeable part that has ended is soon given up. */
const GAIN_ROWS = 4096;
/** Nats that the foreseeable part must have gained before it is removed; independent rows reach that with a chance of e⁻⁸. */
const GAIN_NEEDED = 8;
/** Rows after which the averages are known well enough to learn from. */
const FIRST_ROWS = 30;

/** Offsets in `scalars`. */
const ROWS = 0;
const GAIN = 1;

export class ForeseeablePart {
  /** All of the state: the averages m, β, the inverse of the Gram matrix of m with ridge (K×K), [rows, gain]. */
  readonly fields: {
    readonly averages: Float64Array;
    readonly coefficients: Float64Array;
    readonly inverse: Float64Array;
    readonly scalars: Float64Array;
  };
  private readonly averages = new Float64Array(K);
  private readonly ridge = new RecursiveRidge(K, RIDGE, MEMORY_ROWS);
  private readonly scalars = new Float64Array(2);

  constructor() {
    this.fields = {
      averages: this.averages,
      ...this.ridge.fields,
      scalars: this.scalars,
    };
    this.reset();
  }

  /** True when removing the foreseeable part of the next score pays. */
  get pays(): boolean {
    return this.scalars[GAIN]! > GAIN_NEEDED;
  }

  /** True when it may pay soon. */
  get promises(): boolean {
    return this.scalars[GAIN]! > GAIN_NEEDED / 4;
  }

  /** a[i] ← u − û for the score u = a[i], then learns u; the coefficients only if `learn`. O(K²), allocates nothing. */
  removeAt(a: Float64Array, i: number, learn: boolean): void {
    const { averages, ridge, scalars } = this;
    const { coefficients } = ridge;
    const u = a[i]!;
    let residual = u;
    for (let k = 0; k < K; k++) residual -= coefficients[k]! * averages[k]!;
    a[i] = residual;
    const rows = scalars[ROWS]! + 1;
    scalars[ROWS] = rows;
    if (rows > FIRST_ROWS) {
      scalars[GAIN] = scalars[GAIN]! * (1 - 1 / GAIN_ROWS) + (u * u - residual * residual) / 2;
      if (learn) ridge.learn(averages, a, i);
    }
    for (let k = 0; k < K; k++)
      averages[k] = averages[k]! + (u - averages[k]!) / Math.min(rows, HORIZONS[k]!);
  }

  reset(): void {
    this.averages.fill(0);
    this.scalars.fill(0);
    this.ridge.reset();
  }
}
