// runtime: either
/** A large state in parts. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { RandomStream } from "../../actors/core/random.ts";
import { stateParts } from "../../collab/rooms/state-parts.ts";

/** Three people who set, replace and remove entries and fields, each building on what the others wrote. */
function edited(seed: number, edits: number): Y.Doc {
  const stream = new RandomStream(seed, "state-parts");
  const below = (n: number) => Math.floor(stream.next() * n);
  const docs = [1, 2, 3].map((writer) => {
    const doc = new Y.Doc();
    doc.clientID = writer;
    return doc;
  });
  for (let k = 0; k < edits; k++) {
    const doc = docs[below(3)]!;
    const panels = doc.getMap("panels");
    const key = `p${below(12)}`;
    const panel = panels.get(key);
    if (panel instanceof Y.Map && below(4) > 0) panel.set(`f${below(4)}`, `${k} `.padEnd(100, "x"));
    else if (panel !== undefined && below(3) === 0) panels.delete(key);
    else panels.set(key, new Y.Map([["type", `${k}`]]));
    if (below(3) === 0)
      for (const to of docs) Y.applyUpdate(to, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(to)));
  }
  for (const to of docs) Y.applyUpdate(docs[0]!, Y.encodeStateAsUpdate(to));
  return docs[0]!;
}

test("the parts of a state give the state, and none of them waits for a later one", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const doc = edited(seed, 200);
    const parts = stateParts(Y.encodeStateAsUpdate(doc), 300);
    assert.ok(parts.length > 2, `seed ${seed}: ${parts.length} parts`);
    const copy = new Y.Doc();
    for (const part of parts) {
      Y.applyUpdate(copy, part);
      assert.is(copy.store.pendingStructs, null, `seed ${seed}`);
    }
    assert.is(copy.store.pendingDs, null, `seed ${seed}`);
    assert.equal(copy.getMap("panels").toJSON(), doc.getMap("panels").toJSON(), `seed ${seed}`);
    assert.equal(Y.encodeStateVector(copy), Y.encodeStateVector(doc));
  }
});

test("whoever has a part of the state gets the rest in parts", () => {
  const doc = edited(7, 200);
  const copy = new Y.Doc();
  for (const part of stateParts(Y.encodeStateAsUpdate(doc), 1_000).slice(0, 2)) Y.applyUpdate(copy, part);
  for (const part of stateParts(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(copy)), 1_000)) {
    Y.applyUpdate(copy, part);
    assert.is(copy.store.pendingStructs, null);
  }
  assert.equal(copy.getMap("panels").toJSON(), doc.getMap("panels").toJSON());
});

test("no part is much longer than asked for, and what is short stays as it is", () => {
  const update = Y.encodeStateAsUpdate(edited(3, 400));
  const parts = stateParts(update, 2_000);
  // One struct has about 120 bytes, and the deletions a few for each.
  assert.ok(parts.slice(0, -1).every(({ length }) => length < 2_300));
  assert.equal(stateParts(update, update.length), [update]);
  assert.is(stateParts(update, update.length)[0], update);
});

test.run();
