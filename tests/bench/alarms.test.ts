// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventMessage } from "../../protocol/messages.ts";
import { scoreFaults, scorePhase } from "../../sim/bench/alarms/score.ts";
import type { FaultRun } from "../../sim/bench/alarms/session.ts";

const SECOND = 1_000_000;

test("a fault is found by the first incident that opens in it, in time or late, with the right channel first or not", () => {
  const events = [opened(105, "cpu.busy"), opened(220, "load.1m"), opened(305, "disk.read")];
  const scores = scored([fault(100), fault(200), fault(300)], events);
  assert.equal(
    scores.map(({ found, delaySeconds, isRightFirst }) => [found, delaySeconds, isRightFirst]),
    [
      ["opened", 5, true],
      ["late", 20, false],
      ["opened", 5, false],
    ],
  );
});

test("an incident that was open and grew finds a fault, one that was held back does not", () => {
  const events = [event("incident.grew", 105, "cpu.busy"), event("incident.held-back", 205, "cpu.busy")];
  assert.equal(
    scored([fault(100), fault(200), fault(300)], events).map(({ found }) => found),
    ["grew", "held back", "missed"],
  );
});

test("incidents after the end of a fault are its after-effects, and a fault that was refused is not run", () => {
  const [hog, refused] = scored(
    [fault(100), { ...fault(200), refused: "not root" }],
    [opened(105, "cpu.busy"), opened(150, "a"), opened(160, "b")],
  );
  assert.is(hog!.afterEffects, 2);
  assert.equal([refused!.found, refused!.delaySeconds], ["not run", null]);
});

test("a phase counts the incidents that opened in it, and apart from them what was held back and found", () => {
  const events = [
    opened(5, "a"),
    opened(50, "b"),
    event("incident.held-back", 60, "c"),
    event("anomaly.started", 61, "c"),
    opened(110, "d"),
  ];
  const score = scorePhase({ name: "quiet", fromUs: 10 * SECOND, toUs: 100 * SECOND }, events);
  assert.equal(score, {
    phase: "quiet",
    minutes: 1.5,
    incidents: 1,
    titles: ["b"],
    heldBack: 1,
    findings: 1,
  });
});

/** Half a minute long, of the processors. */
function fault(onset: number): FaultRun {
  return {
    name: "hog",
    channels: ["cpu"],
    withinSeconds: 15,
    onsetUs: onset * SECOND,
    endUs: (onset + 30) * SECOND,
    refused: null,
  };
}

function scored(faults: FaultRun[], events: EventMessage[]) {
  return scoreFaults({ phases: [], faults }, events);
}

function opened(at: number, channel: string): EventMessage {
  return event("incident.opened", at, channel);
}

function event(kind: string, at: number, channel: string): EventMessage {
  return {
    type: "event",
    sequence: 1,
    id: "p0/1/1",
    timeUs: at * SECOND,
    kind,
    severity: "notice",
    actor: "incidents",
    group: "host",
    channels: [channel],
    title: channel,
    detail: {},
  };
}

test.run();
