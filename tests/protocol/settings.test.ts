// runtime: either
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { settingsDocument } from "../../.ci/documents/settings.ts";
import { InvalidSetting } from "../../protocol/errors.ts";
import { applySetting, defaultSettings, parseSettings, settingPaths } from "../../protocol/settings.ts";
import { refuses } from "./refusal.ts";

test("a session without settings gets the defaults", () => {
  assert.equal(parseSettings({}), defaultSettings());
  assert.is(defaultSettings().collapse.falseAlarmsPerDay, 1);
  assert.is(
    parseSettings({ estimator: { norm: "power" } }).estimator.memoryRows,
    defaultSettings().estimator.memoryRows,
  );
});

test("docs/settings.md has the defaults and ranges of the program", async () => {
  const document = readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8");
  assert.is(document, await settingsDocument());
});

test("every path can be set to its own default, as value and as text", () => {
  const defaults = defaultSettings();
  const paths = settingPaths();
  assert.ok(
    paths.includes("seed") &&
      paths.includes("collapse.falseAlarmsPerDay") &&
      paths.includes("estimator.order"),
  );
  for (const path of paths) {
    const value = path
      .split(".")
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], defaults);
    assert.equal(applySetting(defaults, path, value), defaults);
    assert.equal(applySetting(defaults, path, String(value)), defaults);
  }
});

test("a setting is changed by path in a copy of the settings", () => {
  const before = defaultSettings();
  const after = applySetting(before, "collapse.falseAlarmsPerDay", "0.1");
  assert.is(after.collapse.falseAlarmsPerDay, 0.1);
  assert.equal(before, defaultSettings());
  assert.is(applySetting(before, "monitor.enabled", "false").monitor.enabled, false);
  assert.is(applySetting(before, "estimator.norm", "power").estimator.norm, "power");
  assert.is(applySetting(before, "estimator.order", "1").estimator.order, 1);
});

test("a wrong value is refused with path, value and what is expected", () => {
  const settings = defaultSettings();
  const cases: [path: string, value: unknown, message: RegExp][] = [
    [
      "collapse.falseAlarmsPerDay",
      "often",
      /^Cannot set collapse.falseAlarmsPerDay: "often"; expected number$/,
    ],
    ["collapse.falseAlarmsPerDay", 0, /: 0; expected a number > 0$/],
    ["collapse.falseAlarmsPerDay", "", /: ""; expected number$/],
    ["collapse.falseAlarmsPerDay", Number.POSITIVE_INFINITY, /expected a finite number$/],
    ["anomaly.windowSamples", "7", /expected a number ≥ 32$/],
    ["anomaly.windowSamples", 10_001, /expected a number ≤ 10000$/],
    ["seed", 1.5, /^Cannot set seed: 1.5; expected a whole number$/],
    ["estimator.norm", "loud", /expected \("unit" \| "power"\)$/],
    ["estimator.order", 3, /expected \(1 \| 2\)$/],
    ["monitor.enabled", "yes", /expected boolean$/],
    ["risk.channels", "x".repeat(8_193), /expected at most 8192 characters$/],
    ["interference.periodSeconds", -1, /expected a number ≥ 0$/],
    ["risk.highPercent", 99.9, /expected a number ≤ 99.5$/],
    ["opportunity.rates", "x", /expected CHANNEL=BASE\/QUOTE@VENUE/],
    ["opportunity.fees", "kraken=60", /expected NAME=PERCENT/],
    ["prediction.coveragePercent", 99.9, /expected a number ≤ 99$/],
    ["collapse", { enabled: false }, /expected one of its settings: collapse.enabled/],
  ];
  for (const [path, value, message] of cases)
    refuses(() => applySetting(settings, path, value), InvalidSetting, message);
});

test("a mistyped path is refused with near paths", () => {
  const settings = defaultSettings();
  refuses(
    () => applySetting(settings, "colapse.falseAlarmsPerDay", 1),
    InvalidSetting,
    /no such setting; expected perhaps collapse.falseAlarmsPerDay/,
  );
  refuses(
    () => applySetting(settings, "falsealarmsperday", 1),
    InvalidSetting,
    /perhaps collapse.falseAlarmsPerDay or anomaly.falseAlarmsPerDay/,
  );
  refuses(
    () => applySetting(settings, "zzzzzzzzzzzz", 1),
    InvalidSetting,
    /expected one of seed, publishEveryUs/,
  );
  refuses(() => applySetting(settings, "__proto__.polluted", 1), InvalidSetting, /no such setting/);
  refuses(() => applySetting(settings, "constructor", 1), InvalidSetting, /no such setting/);
});

test("settings from outside are refused with the wrong path", () => {
  refuses(
    () => parseSettings({ collapse: { falseAlarmPerDay: 1 } }),
    InvalidSetting,
    /collapse.falseAlarmPerDay: no such setting; expected perhaps collapse.falseAlarmsPerDay/,
  );
  refuses(() => parseSettings({ seed: "x" }), InvalidSetting, /Cannot set seed: "x"; expected number/);
  refuses(() => parseSettings([]), InvalidSetting, /settings/);
  refuses(() => parseSettings(null), InvalidSetting, /Cannot read settings: null; expected a map/);
});

test("any value at any path is accepted or refused with an InvalidSetting", () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...settingPaths()), fc.string()), fc.anything(), (path, value) => {
      try {
        parseSettings(applySetting(defaultSettings(), path, value));
      } catch (error) {
        assert.instance(error, InvalidSetting);
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
