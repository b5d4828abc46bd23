/**
 * Ways round through markets that end with more than they began with, after fees and transfers.
 *
 *   BTC@a ─sell, 1 − fee─► USD@a ─move, 1 − cost─► USD@b ─buy, 1 − fee─► BTC@b ─move─► BTC@a        weight −ln of each; a negative sum is a profit
 *
 * O3  Every leg is younger than `maximumAgeSeconds`: an old price is no offer.
 * O4  One way is open at a time, from a profit of the minimum to less than half of it or a leg that is too old. A small one that is found first can
 *     hide a larger one until then.
 *
 * Prices are those of the channels: half of the spread between buying and selling is a cost that the fees have to contain.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import { type Costs, costOf, type Rate } from "../../../protocol/exchange-table.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { NegativeCycles } from "../../kernels/negative-cycle.ts";
import type { Batch, Fields, Group } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

interface Leg {
  readonly column: number;
  readonly channel: string;
  /** Of a trade, as a weight. */
  readonly cost: number;
}

const Scalars = namedNumbers(
  "rows",
  "found",
  /** Whether a way is open; of that, or of the last one: steps, profit now and at most. */
  "isOpen",
  "length",
  "profit",
  "most",
);

export type CycleChange = "opened" | "closed" | "stale";

export class Cycles {
  readonly fields: Fields;
  private readonly n: number;
  private readonly minimum: number;
  private readonly maximumAgeUs: number;
  private readonly legs: readonly Leg[];
  /** "BTC@kraken". */
  private readonly nodes: readonly string[];
  /** Edges 2k and 2k + 1 are leg k, sold and bought; those after them are transfers. */
  private readonly from: readonly number[];
  private readonly weights: Float64Array;
  private readonly cycles: NegativeCycles;
  private readonly scalars = new Scalars();
  /** ln of the last price of each leg, NaN before the first, and its time, µs. */
  private readonly prices: Float64Array;
  private readonly seenUs: Float64Array;
  /** Edges of the way that is open. */
  private readonly open: Int32Array;

  constructor(
    rates: readonly Rate[],
    group: Group,
    settings: Settings["opportunity"],
    fees: Costs,
    transfers: Costs,
  ) {
    const own = rates.filter(({ channel }) => group.channels.some(({ name }) => name === channel));
    const nodes = [
      ...new Set(own.flatMap(({ base, quote, venue }) => [`${base}@${venue}`, `${quote}@${venue}`])),
    ];
    this.n = group.n;
    this.minimum = settings.minimumProfitPercent / 100;
    this.maximumAgeUs = settings.maximumAgeSeconds * 1e6;
    this.nodes = nodes;
    this.legs = own.map(({ channel, venue }) => ({
      column: group.channels.findIndex(({ name }) => name === channel),
      channel,
      cost: -log1p(-(costOf(fees, venue) ?? 0)),
    }));
    const edges = own.flatMap(({ base, quote, venue }) => {
      const [sold, bought] = [nodes.indexOf(`${base}@${venue}`), nodes.indexOf(`${quote}@${venue}`)];
      return [
        [sold, bought, Number.POSITIVE_INFINITY],
        [bought, sold, Number.POSITIVE_INFINITY],
      ] as [number, number, number][];
    });
    edges.push(...transferEdges(nodes, transfers));
    this.from = edges.map(([from]) => from);
    this.weights = Float64Array.from(edges, ([, , weight]) => weight);
    this.cycles = new NegativeCycles(
      nodes.length,
      this.from,
      edges.map(([, to]) => to),
    );
    this.prices = new Float64Array(own.length).fill(Number.NaN);
    this.seenUs = new Float64Array(own.length);
    this.open = new Int32Array(nodes.length);
    this.fields = { scalars: this.scalars.array, prices: this.prices, seenUs: this.seenUs, open: this.open };
  }

  /** Takes row r; what changed, or null. */
  take(batch: Batch, r: number): CycleChange | null {
    const { scalars, cycles, open } = this;
    this.read(batch, r);
    scalars.rows = scalars.rows + 1;
    if (scalars.isOpen === 1) return this.follow();
    if (!cycles.find(this.weights)) return null;
    const profit = this.profitOf(cycles.cycle, cycles.length);
    if (profit < this.minimum) return null;
    for (let k = 0; k < cycles.length; k++) open[k] = cycles.cycle[k]!;
    scalars.isOpen = 1;
    scalars.length = cycles.length;
    scalars.profit = profit;
    scalars.most = profit;
    scalars.found = scalars.found + 1;
    return "opened";
  }

  /** Share by which the open way ends with more, and the most that it was; 0 while none is open. */
  get profit(): number {
    return this.scalars.isOpen === 1 ? this.scalars.profit : 0;
  }

  get most(): number {
    return this.scalars.most;
  }

  /** ln of the rows for each one found: how seldom they come, nats. */
  get evidence(): number {
    return ln(this.scalars.rows / this.scalars.found);
  }

  /** "BTC@a → USD@a → USD@b → BTC@b" of the way that is open, or was last; it begins with the first of its nodes in the table. */
  get path(): string {
    return this.edges()
      .map((edge) => this.nodes[this.from[edge]!]!)
      .join(" → ");
  }

  /** Channels that are traded on it. */
  get channels(): string[] {
    const legs = this.edges().filter((edge) => edge < 2 * this.legs.length);
    return [...new Set(legs.map((edge) => this.legs[Math.floor(edge / 2)]!.channel))];
  }

  /** Steps of the way that is open, or was last. */
  private edges(): number[] {
    const edges = [...this.open].slice(0, this.scalars.length);
    const first = edges.indexOf(edges.reduce((a, b) => (this.from[b]! < this.from[a]! ? b : a)));
    return [...edges.slice(first), ...edges.slice(0, first)];
  }

  private follow(): CycleChange | null {
    const { scalars, open } = this;
    const profit = this.profitOf(open, scalars.length);
    if (profit > scalars.most) scalars.most = profit;
    if (profit >= this.minimum / 2) {
      scalars.profit = profit;
      return null;
    }
    scalars.isOpen = 0;
    return profit === -1 ? "stale" : "closed";
  }

  /** −1: a leg is too old. */
  private profitOf(edges: Int32Array, length: number): number {
    let sum = 0;
    for (let k = 0; k < length; k++) sum += this.weights[edges[k]!]!;
    return exp(-sum) - 1;
  }

  private read(batch: Batch, r: number): void {
    const { legs, weights, prices, seenUs, n, maximumAgeUs } = this;
    const time = batch.rowTime[r]!;
    for (let k = 0; k < legs.length; k++) {
      const { column, cost } = legs[k]!;
      const value = batch.rowValue[r * n + column]!;
      if (batch.rowFresh[r * n + column] === 1 && value > 0) {
        prices[k] = ln(value);
        seenUs[k] = time;
      }
      // Before the first price it is NaN, and no offer either.
      const isOffer = !Number.isNaN(prices[k]!) && time - seenUs[k]! <= maximumAgeUs;
      weights[2 * k] = isOffer ? cost - prices[k]! : Number.POSITIVE_INFINITY;
      weights[2 * k + 1] = isOffer ? cost + prices[k]! : Number.POSITIVE_INFINITY;
    }
  }
}

/** Between venues that have the same asset, where the table says what it costs. */
function transferEdges(nodes: readonly string[], transfers: Costs): [number, number, number][] {
  return nodes.flatMap((from, a) =>
    nodes.flatMap((to, b): [number, number, number][] => {
      const asset = from.slice(0, from.lastIndexOf("@"));
      const cost = costOf(transfers, asset);
      if (a === b || cost === undefined || to.slice(0, to.lastIndexOf("@")) !== asset) return [];
      return [[a, b, -log1p(-cost)]];
    }),
  );
}
