// runtime: either
/** Many changes as one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { merged } from "../../collab/rooms/merge.ts";
import { addsPanel, Replica, setsThreshold, threshold } from "./edits.ts";

test("one update of five hundred, by forty people, makes what the five hundred make, also what was deleted and set again", () => {
  const people = Array.from({ length: 40 }, (_, k) => new Replica(k + 1));
  const together = new Y.Doc();
  const updates: Uint8Array[] = [];
  for (let k = 0; k < 500; k++) {
    const person = people[(k * 17) % people.length]!;
    person.takes(Y.encodeStateAsUpdate(together, Y.encodeStateVector(person.doc)));
    const id = `id${k % 23}`;
    const change =
      k % 5 === 0
        ? (doc: Y.Doc) => void doc.getMap("thresholds").delete(id)
        : k % 5 === 1
          ? addsPanel(id, { kind: "rho", order: k })
          : setsThreshold(id, threshold(k));
    const { update } = person.edits(change);
    updates.push(update);
    Y.applyUpdate(together, update);
  }
  const one = new Y.Doc();
  Y.applyUpdate(one, merged(updates));
  for (const root of ["thresholds", "panels"])
    assert.equal(one.getMap(root).toJSON(), together.getMap(root).toJSON(), root);
  assert.equal(Y.encodeStateVector(one), Y.encodeStateVector(together));
});

test("one update alone is its very bytes", () => {
  const { update } = new Replica(1).edits(setsThreshold("a", threshold(1)));
  assert.is(merged([update]), update);
});

test.run();
