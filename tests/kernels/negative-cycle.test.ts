// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NegativeCycles } from "../../actors/kernels/negative-cycle.ts";
import { uniforms } from "../support/random-streams.ts";

type Edge = readonly [from: number, to: number, weight: number];

function cycleIn(nodes: number, edges: readonly Edge[]): number[] | null {
  const cycles = new NegativeCycles(
    nodes,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );
  if (!cycles.find(Float64Array.from(edges, ([, , weight]) => weight))) return null;
  return [...cycles.cycle.subarray(0, cycles.length)];
}

test("the cycle is given by its edges in order", () => {
  const edges: Edge[] = [
    [0, 1, 1],
    [1, 2, 1],
    [2, 0, 5],
    [2, 3, -2],
    [3, 1, 0.5],
  ];
  const cycle = cycleIn(4, edges)!;
  assert.equal([...cycle].sort(), [1, 3, 4]);
  cycle.forEach((edge, k) => {
    assert.is(edges[edge]![1], edges[cycle[(k + 1) % cycle.length]!]![0]);
  });
});

test("a graph of fair prices has none, whatever rounding does, and closed edges are not taken", () => {
  const uniform = uniforms(3);
  const level = Array.from({ length: 12 }, () => 10 * uniform());
  const fair = level.flatMap((a, from) =>
    level.flatMap((b, to): Edge[] => (from === to ? [] : [[from, to, a - b]])),
  );
  assert.is(cycleIn(12, fair), null);
  assert.is(
    cycleIn(2, [
      [0, 1, -5],
      [1, 0, Number.POSITIVE_INFINITY],
    ]),
    null,
  );
});

test("it finds one exactly when there is one, as all simple cycles say", () => {
  const uniform = uniforms(4);
  let withOne = 0;
  for (let k = 0; k < 400; k++) {
    const edges = Array.from({ length: 9 }, (): Edge => {
      const from = Math.floor(5 * uniform());
      return [from, (from + 1 + Math.floor(4 * uniform())) % 5, uniform() - 0.3];
    });
    const found = cycleIn(5, edges);
    const least = leastCycle(5, edges);
    assert.is(found !== null, least < -1e-9, JSON.stringify(edges));
    if (found === null) continue;
    withOne++;
    assert.ok(found.reduce((sum, edge) => sum + edges[edge]![2], 0) < 0);
    assert.is(new Set(found.map((edge) => edges[edge]![0])).size, found.length, "simple");
  }
  assert.ok(withOne > 100 && withOne < 350, `${withOne}`);
});

/** The least weight of a simple cycle, by trying all. */
function leastCycle(nodes: number, edges: readonly Edge[]): number {
  let least = Number.POSITIVE_INFINITY;
  const from = (start: number, at: number, seen: readonly number[], sum: number): void => {
    for (const [a, b, weight] of edges) {
      if (a !== at) continue;
      if (b === start) least = Math.min(least, sum + weight);
      else if (b > start && !seen.includes(b)) from(start, b, [...seen, b], sum + weight);
    }
  };
  for (let start = 0; start < nodes; start++) from(start, start, [start], 0);
  return least;
}

test.run();
