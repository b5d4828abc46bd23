// runtime: either
/** What traders and physicists see: digits of prices, candles of trades and bars, ended feeds, whole states of a system. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { candleSource, isBarPart } from "../../collab/dashboard/model/candle-sets.ts";
import { percentText, valueText } from "../../collab/dashboard/model/channel-values.ts";
import { endedUs } from "../../collab/dashboard/model/ended.ts";
import {
  besideOf,
  blochVector,
  isDirect,
  measuresOf,
  measuresShown,
  purityWords,
} from "../../collab/dashboard/model/measures.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { float32Bytes, float64Bytes, uint16Bytes, uint32Bytes } from "../../protocol/columns.ts";
import type { Channels, DecimatedMessage, MeasuresMessage, StateMessage } from "../../protocol/messages.ts";

const T = 1_767_225_600_000_000;

function modelOf(names: readonly string[], innovation: Channels["innovation"] = "logReturn"): Model {
  const model = new Model();
  const channels = names.map((name) => ({ name, title: name, unit: "USD" }));
  const group = { group: "g", source: "s", channels, sampling: "rows", everyUs: 60e6, innovation } as const;
  model.channels({ type: "channels", ...group }, "p0");
  return model;
}

/** Samples of the first channel a second apart, of these sizes. */
function trade(model: Model, values: readonly number[], sizes: readonly number[]): void {
  const count = values.length;
  model.frame({
    type: "frame",
    group: "g",
    source: "s",
    sequence: 0,
    count,
    time: Float64Array.from(values, (_, k) => T + k * 1e6),
    channel: new Uint16Array(count),
    value: Float64Array.from(values),
    size: Float64Array.from(sizes),
  });
}

test("a price is written in the digits of its steps, another quantity as ever", () => {
  const values = Array.from({ length: 20 }, (_, k) => 4500 + k / 4);
  const [prices, others] = [modelOf(["ES"]), modelOf(["ES"], "difference")];
  for (const model of [prices, others])
    trade(
      model,
      values,
      values.map(() => 0),
    );
  const text = (model: Model) => valueText(model.channelsByKey.get("g/ES")!, 4504.5);
  assert.equal([text(prices), text(others)], ["4504.50 USD", "4505 USD"]);
  assert.equal([1.234, -0.001, -12.34, 250].map(percentText), ["+1.23 %", "0.00 %", "−12.3 %", "+250 %"]);
});

test("what is traded is counted from samples and from intervals of the past, each once", () => {
  const model = modelOf(["ES"]);
  trade(model, [10, 11, 12], [5, 0, 7]);
  const past: DecimatedMessage = {
    type: "decimated",
    ...{ id: 0, inputSequence: 1, group: "g", fromUs: T - 60e6, everyUs: 30e6 },
    ...{ interval: uint32Bytes([0, 1, 2]), channel: uint16Bytes([0, 0, 0]), samples: uint32Bytes([1, 1, 1]) },
    ...{ min: float64Bytes([1, 1, 1]), max: float64Bytes([1, 1, 1]), last: float64Bytes([1, 1, 1]) },
    volume: float64Bytes([3, 4, 12]),
  };
  model.past({ fromUs: T - 60e6, toUs: T + 30e6, decimated: [past], measures: [], states: [] }, "p0", false);
  const { volumes } = model.channelsByKey.get("g/ES")!;
  assert.equal([volumes!.between(T - 60e6, T), volumes!.between(T, T + 60e6)], [7, 12]);
});

test("the parts of a bar make one candle, of each thing its own; a price alone makes candles of its trades", () => {
  const names = ["A.open", "A.high", "A.low", "A.close", "A.volume", "B.close", "B.low", "rate"];
  assert.equal(
    names.map((name) => isBarPart(name, names)),
    [true, true, true, true, false, true, true, false],
  );
  const bars = modelOf(names, "difference").group("g")!.channels;
  const series = (name: string) => bars.find((channel) => channel.name === name)!.series;
  const source = candleSource(bars[1]!, bars)!;
  assert.is(source.close, series("A.close"));
  assert.is(source.open, series("A.open"));
  assert.is(candleSource(bars[5]!, bars)!.low, series("B.low"));
  assert.is(candleSource(bars[5]!, bars)!.open, undefined);
  assert.is(candleSource(bars[7]!, bars), null, "a rate is no price");
  const trades = modelOf(["ES"]).group("g")!.channels;
  assert.equal(Object.keys(candleSource(trades[0]!, trades)!), ["close", "volumes"]);
});

test("a feed has ended when it said so and nothing came after", () => {
  const model = modelOf(["ES"]);
  const group = model.group("g")!;
  assert.is(endedUs(model, group), null);
  trade(model, [10], [1]);
  const said = {
    partition: "p0",
    sequence: 1,
    id: "p0/1/1",
    actor: "feedWatcher",
    group: "",
    severity: "info",
  } as const;
  const told = {
    ...said,
    type: "event",
    kind: "feed.ended",
    timeUs: T + 1,
    title: "",
    detail: { source: "s" },
    channels: [],
  } as const;
  model.event({ ...told, channels: [], detail: { source: "s" } });
  model.flush();
  assert.is(endedUs(model, group), T + 1);
  trade(model, [10, 11], [1, 1]);
  assert.is(endedUs(model, group), null);
});

test("whole states bring populations to the channels, eigenvalues to the spectrum, and measures of their own", () => {
  const model = modelOf(["|0⟩", "|1⟩"], "difference");
  const { joint } = model.group("g")!;
  assert.not(isDirect(joint));
  assert.is(measuresShown(joint, false), 1);
  model.state(stateOf(T, { purity: 0.68, lambdaMax: 0.8, lambda2: 0.2, population0: 0.8, population1: 0.2 }));
  assert.ok(isDirect(joint));
  const [first, second] = measuresOf(joint);
  assert.equal([first!.title, second!.title], ["Purity", "Spectrum"]);
  assert.is(measuresShown(joint, false), 3);
  assert.equal(
    besideOf(joint, second!).map(({ lastValue }) => lastValue),
    [0.2],
  );
  assert.equal(
    model.group("g")!.channels.map(({ series }) => series.lastValue),
    [0.8, 0.2],
  );
  // The past has them as measures.
  const later = modelOf(["|0⟩", "|1⟩"], "difference");
  const columns = { interval: uint32Bytes([0]), measure: uint16Bytes([0]), samples: uint32Bytes([1]) };
  const values = { min: float64Bytes([0.3]), max: float64Bytes([0.3]), last: float64Bytes([0.3]) };
  const measures: MeasuresMessage = {
    type: "measures",
    group: "g",
    names: ["population1"],
    fromUs: T,
    everyUs: 1e6,
    ...columns,
    ...values,
  };
  const answer = { fromUs: T, toUs: T + 1e6, decimated: [], measures: [measures], states: [] };
  later.past(answer, "p0", false);
  assert.is(later.channelsByKey.get("g/|1⟩")!.series.lastValue, 0.3);
});

test("the Bloch vector of a state, and its purity in words", () => {
  const half = Math.SQRT1_2;
  for (const [re, im, r] of [
    [
      [1, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 1],
    ],
    [
      [0.5, 0.5, 0.5, 0.5],
      [0, 0, 0, 0],
      [1, 0, 0],
    ],
    [
      [0.5, 0, 0, 0.5],
      [0, -0.5, 0.5, 0],
      [0, 1, 0],
    ],
    [
      [0.5, 0, 0, 0.5],
      [0, 0, 0, 0],
      [0, 0, 0],
    ],
  ] as const) {
    // biome-ignore format: states
    const { x, y, z, length } = blochVector(re, im);
    assert.equal([x, y, z], [...r]);
    assert.ok(Math.abs(length - Math.sqrt(r[0] ** 2 + r[1] ** 2 + r[2] ** 2)) < 1e-12);
  }
  assert.ok(
    Math.abs(blochVector([(1 + half) / 2, half / 2, half / 2, (1 - half) / 2], [0, 0, 0, 0]).length - 1) <
      1e-12,
  );
  assert.equal(
    [1, 0.99, 0.7, 0.5, Number.NaN].map((purity) => purityWords(purity, 2)),
    [
      "purity 1.000: pure",
      "purity 0.990: nearly pure",
      "purity 0.700: mixed",
      "purity 0.500: completely mixed",
      "not known yet",
    ],
  );
});

function stateOf(timeUs: number, measures: Record<string, number>): StateMessage {
  return {
    ...{
      type: "state",
      group: "g",
      timeUs,
      n: 2,
      modes: ["|0⟩", "|1⟩"],
      source: "direct",
      reading: "native",
    },
    ...{ norm: "unit", re: float32Bytes([0.8, 0, 0, 0.2]), im: float32Bytes([0, 0, 0, 0]) },
    ...{ populations: [0.8, 0.2], spectrum: [0.8, 0.2], pointer: [1, 0], pointerPhase: [0, 0] },
    ...{ measures, significant: true },
  } as StateMessage;
}

test.run();
