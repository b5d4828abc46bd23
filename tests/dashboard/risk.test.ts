// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isRisk, riskOf } from "../../collab/dashboard/model/risk.ts";

const CHANNELS = [
  { name: "BTC", title: "Bitcoin" },
  { name: "5.ETH", title: "" },
  { name: "volume", title: "Volume" },
];

test("the risk of each channel is read from the measures of a state, at its levels in order", () => {
  const risk = riskOf(
    {
      purity: 0.4,
      "risk.volatility.BTC": 0.01,
      "risk.drawdown.BTC": 0.2,
      "risk.drawdownMax.BTC": 0.3,
      "risk.var99.BTC": 0.03,
      "risk.es99.BTC": 0.04,
      "risk.var97.5.BTC": 0.02,
      "risk.confidence97.5.BTC": 1,
      "risk.drawdown.5.ETH": 0,
      "risk.turbulence": 2,
    },
    CHANNELS,
  )!;
  assert.equal(
    risk.channels.map(({ title }) => title),
    ["Bitcoin", "5.ETH"],
  );
  const [bitcoin, ether] = risk.channels;
  assert.equal(bitcoin!.levels, [
    { percent: 97.5, value: 0.02, shortfall: Number.NaN, confidence: 1 },
    { percent: 99, value: 0.03, shortfall: 0.04, confidence: Number.NaN },
  ]);
  assert.equal([bitcoin!.volatility, bitcoin!.drawdown, bitcoin!.drawdownMax], [0.01, 0.2, 0.3]);
  assert.equal(ether!.levels, []);
  assert.ok(Number.isNaN(ether!.volatility));
  assert.is(risk.turbulence, 2);
  assert.ok(Number.isNaN(risk.absorption));
});

test("a channel whose name is too long for a measure is known by its place", () => {
  const name = "x".repeat(120);
  const risk = riskOf({ "risk.drawdown.#0": 0.1, "risk.volatility.#0": 0.02 }, [{ name, title: "" }])!;
  assert.equal(
    risk.channels.map(({ title, volatility }) => [title, volatility]),
    [[name, 0.02]],
  );
});

test("a group without measures of risk has none", () => {
  assert.is(riskOf({ purity: 1 }, CHANNELS), null);
  assert.is(isRisk("purity"), false);
});

test.run();
