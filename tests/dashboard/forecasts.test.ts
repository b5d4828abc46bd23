// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  bandNames,
  forecastsOf,
  isBand,
  isForecast,
  skillWords,
} from "../../collab/dashboard/model/forecasts.ts";

const CHANNELS = [
  { key: "g/cpu", name: "cpu", title: "Processor", unit: "%" },
  { key: "g/disk.cpu", name: "disk.cpu", title: "", unit: "B" },
  { key: "g/other", name: "other", title: "Other", unit: "" },
];

test("forecasts of channels are read from the measures of a state, with what is believed in order", () => {
  const forecasts = forecastsOf(
    {
      purity: 0.4,
      "prediction.value.cpu": 35,
      "prediction.low.cpu": 30,
      "prediction.high.cpu": 40,
      "prediction.coverage.cpu": 0.9,
      "prediction.skill.cpu": 0.34,
      "prediction.dieboldMariano.cpu": -4,
      "prediction.gained.cpu": 1,
      "prediction.regret.cpu": 0.01,
      "prediction.weight.ridge.cpu": 0.2,
      "prediction.weight.season.cpu": 0.78,
      "prediction.weight.last.cpu": 0.02,
      "prediction.value.disk.cpu": 7,
      "prediction.weight.mean.disk.cpu": 1,
    },
    CHANNELS,
  )!;
  const [cpu, disk] = forecasts.channels;
  assert.is(forecasts.channels.length, 2);
  assert.equal([cpu!.title, cpu!.value, cpu!.low, cpu!.high, cpu!.coverage], ["Processor", 35, 30, 40, 0.9]);
  assert.equal(cpu!.judged.believed, [
    ["season", 0.78],
    ["ridge", 0.2],
  ]);
  assert.is(skillWords(cpu!.judged), "34 % less error");
  assert.is(disk!.title, "disk.cpu");
  assert.ok(Number.isNaN(disk!.low));
  assert.is(skillWords(disk!.judged), "not known yet");
});

test("a skill that was not announced is none, however large it looks; horizons of the state stand in order", () => {
  const forecasts = forecastsOf(
    {
      "prediction.stateSkill.ahead": 0.08,
      "prediction.stateGained.ahead": 0,
      "prediction.stateSkill.next": 0.1,
      "prediction.stateGained.next": 1,
      "prediction.stateSkillOverLast.ahead": 0.6,
      "prediction.stateDieboldMariano.ahead": -1.56,
      "prediction.stateWeight.ewma252.ahead": 1,
    },
    CHANNELS,
  )!;
  assert.equal(
    forecasts.states.map(({ horizon, judged }) => [horizon, skillWords(judged)]),
    [
      ["next", "10 % less error"],
      ["ahead", "no skill"],
    ],
  );
  assert.equal(forecasts.states[1]!.judged.dieboldMariano, -1.56);
  assert.equal(forecasts.states[1]!.judged.believed, [["ewma252", 1]]);
  assert.is(forecasts.states[1]!.whole, null);
  assert.is(forecastsOf({ purity: 1 }, CHANNELS), null);
});

test("whole states are judged beside the better of the last one and the averages, with the populations that are foretold", () => {
  const levels = ["|0⟩", "|1⟩"].map((name) => ({ key: name, name, title: "", unit: "" }));
  const whole = (skill: number, overLast: number) =>
    forecastsOf(
      {
        "prediction.stateSkill.ahead": skill,
        "prediction.stateDieboldMariano.ahead": -9,
        "prediction.stateSkillOverLast.ahead": overLast,
        "prediction.stateDieboldMarianoOverLast.ahead": -3,
        "prediction.stateGained.ahead": 1,
        "prediction.stateSteps.ahead": 21,
        "prediction.population0.ahead": 0.75,
        "prediction.population1.ahead": 0.25,
      },
      levels,
    )!;
  const [last, averages] = [whole(0.9, 0.3), whole(0.2, 0.3)].map(({ states }) => states[0]!);
  assert.is(skillWords(last!.judged), "30 % less error");
  assert.is(last!.judged.dieboldMariano, -3);
  assert.is(skillWords(averages!.judged), "20 % less error");
  assert.is(averages!.judged.dieboldMariano, -9);
  assert.equal(last!.whole, { steps: 21, populations: [0.75, 0.25] });
  assert.equal(whole(0.9, 0.3).channels, []);
});

test("charts draw the bands of channels by their names, or by their places where names are too long", () => {
  const measures = new Set([
    "prediction.low.cpu",
    "prediction.high.cpu",
    "prediction.low.#2",
    "prediction.high.#2",
  ]);
  assert.equal(bandNames(measures, "cpu", 0), ["prediction.low.cpu", "prediction.high.cpu"]);
  assert.equal(bandNames(measures, "x".repeat(120), 2), ["prediction.low.#2", "prediction.high.#2"]);
  assert.is(bandNames(measures, "disk", 1), null);
  assert.ok(isBand("prediction.high.cpu") && !isBand("prediction.value.cpu"));
  assert.ok(isForecast("prediction.skill.cpu") && !isForecast("purity"));
});

test.run();
