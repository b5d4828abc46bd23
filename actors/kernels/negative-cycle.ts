/**
 * A cycle of negative weight in a directed graph: Bellman (1958) and Ford (1956), from all nodes at once.
 *
 * With weights −ln (rate · (1 − fee)) it is a way round that ends with more than it began with: e^(−Σ w) times as much. Where several exist, one of
 * them is found, not always the best.
 */

/** Sums of rounded weights around a fair cycle are off by some 1e-16 an edge. */
const TOLERANCE = 1e-12;

export class NegativeCycles {
  /** Of the last `find`: the edges in their order, `length` of them. */
  readonly cycle: Int32Array;
  length = 0;
  private readonly from: readonly number[];
  private readonly to: readonly number[];
  private readonly distance: Float64Array;
  /** The edge by which a node was reached last, −1 for none. */
  private readonly last: Int32Array;

  /** Edge k leads from node `from[k]` to node `to[k]`, numbers below `nodes`. */
  constructor(nodes: number, from: readonly number[], to: readonly number[]) {
    this.from = from;
    this.to = to;
    this.distance = new Float64Array(nodes);
    this.last = new Int32Array(nodes);
    this.cycle = new Int32Array(nodes);
  }

  /** Whether there is one, by the weight of each edge; Infinity: the edge is closed. O(nodes · edges), usually a few times edges; allocates nothing. */
  find(weights: Float64Array): boolean {
    const { distance, last, from, to } = this;
    distance.fill(0);
    last.fill(-1);
    let reached = -1;
    for (let pass = 0; pass <= distance.length; pass++) {
      reached = -1;
      for (let k = 0; k < from.length; k++) {
        const next = distance[from[k]!]! + weights[k]!;
        if (next < distance[to[k]!]! - TOLERANCE) {
          distance[to[k]!] = next;
          last[to[k]!] = k;
          reached = to[k]!;
        }
      }
      if (reached < 0) return false;
    }
    this.collect(reached);
    return true;
  }

  /** The cycle that leads to a node which is still reached more cheaply: as many steps back lie on it. */
  private collect(reached: number): void {
    const { last, from, cycle } = this;
    let node = reached;
    for (let k = 0; k < last.length; k++) node = from[last[node]!]!;
    const first = node;
    this.length = 0;
    do {
      cycle[this.length++] = last[node]!;
      node = from[last[node]!]!;
    } while (node !== first);
    cycle.subarray(0, this.length).reverse();
  }
}
