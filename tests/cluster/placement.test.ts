// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownerOf } from "../../actors/cluster/placement.ts";
import { range } from "../journal/builders.ts";

const PARTITIONS = range(1, 60).map((k) => `p${k}`);
const nodes = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });

function placed(names: readonly string[]): Map<string, string | null> {
  return new Map(PARTITIONS.map((partition) => [partition, ownerOf(partition, names)]));
}

test("[L1] nodes that see the same members choose the same owner, in any order of arrival", () => {
  fc.assert(
    fc.property(
      nodes.chain((names) =>
        fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length })),
      ),
      ([names, shuffled]) => assert.equal(placed(shuffled), placed(names)),
    ),
  );
});

test("[L2] when a node leaves, only its partitions move; when a node joins, partitions move only to it", () => {
  fc.assert(
    fc.property(nodes, fc.nat(), (names, which) => {
      const gone = names[which % names.length]!;
      const all = placed(names);
      const rest = placed(names.filter((name) => name !== gone));
      for (const [partition, owner] of all) {
        if (owner === gone) assert.is.not(rest.get(partition), gone);
        else assert.is(rest.get(partition), owner);
      }
    }),
  );
});

test("nobody owns anything where nobody is, and one node owns all", () => {
  assert.is(ownerOf("p", []), null);
  assert.is(ownerOf("p", ["a"]), "a");
});

test("partitions spread evenly over nodes: chi-square over ten nodes, and over each node's leftovers", () => {
  const names = range(1, 10).map((k) => `node-${k}`);
  const partitions = range(1, 10_000).map((k) => `partition-${k}`);
  const count = (among: readonly string[], of: readonly string[]) => {
    const counts = new Map(among.map((name) => [name, 0]));
    for (const partition of of) {
      const owner = ownerOf(partition, among)!;
      counts.set(owner, counts.get(owner)! + 1);
    }
    return [...counts.values()];
  };
  // 99.99 % points of chi-square with 9 and 8 degrees of freedom: 33.7 and 31.8.
  assert.ok(chiSquare(count(names, partitions)) < 33.7);
  const owners = partitions.map((partition) => ownerOf(partition, names));
  for (const gone of names) {
    const left = names.filter((name) => name !== gone);
    const orphans = partitions.filter((_, k) => owners[k] === gone);
    assert.ok(chiSquare(count(left, orphans)) < 31.8, `orphans of ${gone}`);
  }
});

function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test.run();
