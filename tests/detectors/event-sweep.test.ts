// runtime: either
// slow
/** Every scenario, and tables that are odd in some way, with all detectors on and easily alarmed: what their events say reads well. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { defaultSettings, type Settings } from "../../protocol/settings.ts";
import { SCENARIOS } from "../../sim/worlds/scenarios.ts";
import { synthWorlds } from "../../sim/worlds/worlds.ts";
import { openPartition } from "../support/open-partition.ts";

/** Samples of each world: enough for every detector to learn and to be alarmed. */
const SAMPLES = 24_000;
const EASILY = { enabled: true, falseAlarmSamples: 50 };

const everything: Settings = settingsWith({
  collapse: { falseAlarmSamples: 500 },
  anomaly: { falseAlarmSamples: 500 },
  changes: EASILY,
  measurementEffect: { enabled: true, events: "anomaly.started", windowRows: 24, placebos: 19 },
  risk: { ...EASILY, windowReturns: 200, backtestReturns: 100 },
  opportunity: { enabled: true, windowPeriods: 100, fdrPercent: 50 },
  entanglement: { ...EASILY, learnRows: 100 },
  interference: { enabled: true, falseAlarmSamples: 5 },
  prediction: { ...EASILY, stepSeconds: 0, memorySteps: 100 },
  trend: EASILY,
  patterns: { enabled: true, confidence: 0.6 },
  incidents: { budgetPerDay: 1000 },
});

function settingsWith(changed: { [Section in keyof Settings]?: Partial<Settings[Section]> }): Settings {
  const settings = defaultSettings();
  for (const [name, section] of Object.entries(changed))
    Object.assign(settings[name as keyof Settings] as object, section);
  return settings;
}

const seen = new Set<string>();

async function eventsOf(feed: string): Promise<EventMessage[]> {
  const events: EventMessage[] = [];
  const partition = await openPartition({ settings: everything });
  partition.subscribe({ event: (event) => void events.push(event) });
  partition.startFeeds(createFeeds([feed], { clock: systemClock, seed: 1, worlds: synthWorlds() }));
  await partition.feedsEnded();
  await partition.close();
  return events;
}

/** What is wrong with an event; "" if nothing is. */
function fault({ kind, title, detail, severity }: EventMessage): string {
  if (kind.startsWith("actor.")) return "an actor failed";
  if (
    /\b(NaN|undefined|null|Infinity)\b|\[object/.test(
      `${title} ${Object.values(detail).filter((each) => typeof each === "string")}`,
    )
  )
    return "a value that is none";
  if (/-0(\.0+)?(?![\d.])/.test(title)) return "a negative zero";
  if (/\d{17}/.test(title)) return "digits that no number has";
  if (/\b(0\.0 s|a hour)\b/.test(title)) return "not as people say it";
  const [, share] = /\b(\d+) % less error/.exec(title) ?? [];
  if (Number(share) > 100) return "more than all";
  if (title === "" || severity === undefined) return "it says nothing";
  return "";
}

for (const { name, channels, usualRate, usualDurationUs } of SCENARIOS)
  for (const form of name.startsWith("quantum") ? ["record", "vector", "density"] : [""])
    test(`events of ${name} ${form} read well`, async () => {
      const seconds = Math.min(usualDurationUs / 1e6, SAMPLES / (usualRate * channels.usual));
      const spec = `synth:${name}?speed=max&duration=${Math.ceil(seconds)}s${form === "" ? "" : `&form=${form}`}`;
      const events = await eventsOf(spec);
      assert.equal(
        events.map((event) => [fault(event), event.title]).filter(([what]) => what !== ""),
        [],
      );
      for (const { kind } of events) seen.add(kind.split(".")[0]!);
    });

test("every detector that is on has said something", () => {
  const expected = [
    "anomaly",
    "change",
    "collapse",
    "effect",
    "entanglement",
    "incident",
    "interference",
    "pattern",
    "prediction",
    "risk",
    "trajectory",
    "trend",
  ];
  assert.equal(
    expected.filter((each) => !seen.has(each)),
    [],
  );
});

test.run();
