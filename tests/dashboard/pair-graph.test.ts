// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  concurrenceRange,
  fringes,
  interferingPairs,
  pairGraphOf,
} from "../../collab/dashboard/model/pair-graph.ts";
import { StateHistory } from "../../collab/dashboard/model/state-history.ts";

const CHANNELS = [
  { name: "a", title: "Alpha" },
  { name: "b", title: "" },
  { name: "c", title: "" },
];
/** Equal populations; a and b in step with coherence 0.9, b and c opposite with 0.6, a and c hardly. */
const RE = Float32Array.from([1, 0.9, 0.1, 0.9, 1, -0.6, 0.1, -0.6, 1], (x) => x / 3);
const IM = new Float32Array(9);

test("a graph has the pairs that are as coherent as the weakest one beyond chance, strongest first, and what each channel shares", () => {
  const graph = pairGraphOf(
    { "entanglement.coherenceFloor": 0.6, "entanglement.hub.a": 0.5, "entanglement.hub.#1": 0.7 },
    CHANNELS,
    { re: RE, im: IM },
  )!;
  assert.equal(
    graph.edges.map(({ i, j, concurrence, degrees }) => [i, j, concurrence.toFixed(2), degrees]),
    [
      [1, 0, "0.60", 0],
      [2, 1, "0.40", 180],
    ],
  );
  assert.equal(
    graph.nodes.map(({ title, share }) => [title, share]),
    [
      ["Alpha", 0.5],
      ["b", 0.7],
      ["c", 0],
    ],
  );
});

test("without a floor no pair is beyond chance, and without measures there is no graph", () => {
  assert.equal(pairGraphOf({ "entanglement.pairs": 0 }, CHANNELS, { re: RE, im: IM })!.edges, []);
  assert.is(pairGraphOf({ purity: 1 }, CHANNELS, { re: RE, im: IM }), null);
});

test("the range of a pair is that of the kept states", () => {
  const history = new StateHistory(3);
  history.add(1, RE, IM, []);
  history.add(
    2,
    RE.map((x) => x / 2),
    IM,
    [],
  );
  assert.equal(
    concurrenceRange(history, 1, 0).map((value) => value.toFixed(2)),
    ["0.30", "0.60"],
  );
});

test("fringes are bright at the phase of the pair, dark opposite to it, and as deep as they are visible", () => {
  const history = new StateHistory(2);
  // Phase 90°, visibility 0.8.
  history.add(1, Float32Array.of(0.5, 0, 0, 0.5), Float32Array.of(0, 0.4, -0.4, 0), []);
  const image = fringes(history, 0, 1, 1, 4);
  assert.equal(
    Array.from(image, (value) => value.toFixed(2)),
    ["0.50", "0.10", "0.50", "0.90"],
  );
});

test("the pairs of the measures are those whose channels are there", () => {
  const measures = {
    "interference.visibility.a~c": 1,
    "interference.visibility.#1~gone": 1,
    "interference.share": 0,
  };
  assert.equal(interferingPairs(measures, CHANNELS), [{ i: 0, j: 2, of: "a~c" }]);
});

test.run();
