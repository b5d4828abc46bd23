// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isTrend, significanceWords, trendsOf } from "../../collab/dashboard/model/trends.ts";

const CHANNELS = [
  { name: "cpu", title: "Processor", unit: "%" },
  { name: "disk", title: "", unit: "B" },
  { name: "new", title: "", unit: "" },
];

test("the trend of each channel is read from the measures of a state, in a time in which it moves, the most significant first", () => {
  const [disk, cpu, ...others] = trendsOf(
    {
      purity: 0.4,
      "trend.direction.cpu": 0,
      "trend.slope.cpu": 0.0005,
      "trend.slopeLow.cpu": -0.001,
      "trend.slopeHigh.cpu": 0.002,
      "trend.significance.cpu": 0.7,
      "trend.direction.disk": -1,
      "trend.slope.disk": -2000,
      "trend.slopeLow.disk": -2200,
      "trend.slopeHigh.disk": -1800,
      "trend.significance.disk": -20,
      "trend.crossing.disk": 3600,
      "trend.crossingLow.disk": 3000,
    },
    CHANNELS,
  );
  assert.equal(others, []);
  assert.equal([disk!.title, disk!.slope, disk!.every, disk!.direction], ["disk", -2000, "second", -1]);
  assert.equal(disk!.crossing, { expected: 3600, low: 3000, high: Number.NaN });
  assert.equal([cpu!.title, cpu!.every, cpu!.crossing], ["Processor", "hour", null]);
  assert.ok(Math.abs(cpu!.slope - 1.8) < 1e-9 && Math.abs(cpu!.low + 3.6) < 1e-9);
});

test("a significance that rounds to nothing has no sign", () => {
  assert.equal(
    [-0.04, 0.04, -0.06, -20].map((significance) => significanceWords({ significance })),
    ["0.0", "0.0", "-0.1", "-20.0"],
  );
});

test("a channel whose name is too long for a measure is known by its place", () => {
  const name = "x".repeat(120);
  const [trend] = trendsOf({ "trend.slope.#0": 2, "trend.significance.#0": 3 }, [
    { name, title: "", unit: "" },
  ]);
  assert.equal([trend!.title, trend!.slope], [name, 2]);
});

test("a group without measures of trends has none", () => {
  assert.equal(trendsOf({ purity: 1 }, CHANNELS), []);
  assert.is(isTrend("risk.turbulence"), false);
});

test.run();
