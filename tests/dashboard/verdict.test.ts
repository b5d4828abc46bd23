// runtime: either
/** What the page says of a session: incidents out of events, and the verdict out of incidents. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  contributionsOf,
  fateWords,
  type Known,
  rangeText,
  sentenceOf,
  timeWords,
} from "../../collab/dashboard/model/incident-words.ts";
import { eventsIn, incidentsAt, incidentsOf } from "../../collab/dashboard/model/incidents.ts";
import { aheadWords, type Situation, verdictOf } from "../../collab/dashboard/model/verdict.ts";
import type { EventMessage } from "../../protocol/messages.ts";

/** 12:00 of a day, in the machine's own time. */
const T = new Date(2026, 4, 4, 12).getTime() * 1000;
const MINUTE = 60e6;

test("[L1] an incident is one entry from its begin to its end, with what was found, and its events are in no other list", () => {
  const events = told([
    finding(1, 0, { low: 10, high: 20, value: 41, effect: 3 }),
    step(2, 5, "opened", { events: "p0/1/0" }),
    other(3, 6, "feed.gap"),
    step(4, 8, "grew", { severity: "warning" }),
    finding(5, 9, { kind: "anomaly.ended", low: 10, high: 20, value: 15 }),
    step(6, 10, "eased", { lastedUs: 9 * MINUTE }),
    step(7, 12, "closed", { lastedUs: 9 * MINUTE }),
  ]);
  const incidents = incidentsOf(events);
  assert.is(incidents.length, 1);
  const [incident] = incidents;
  assert.is(incident!.state, "closed");
  assert.is(incident!.severity, "warning");
  assert.equal([incident!.sinceUs, incident!.untilUs], [T, T + 9 * MINUTE]);
  assert.equal(
    incident!.steps.map(({ kind }) => kind),
    ["incident.opened", "incident.grew", "incident.eased", "incident.closed"],
  );
  const own = eventsIn(incidents);
  assert.equal(
    events.filter(({ id }) => !own.has(id)).map(({ kind }) => kind),
    ["feed.gap"],
  );
});

test("a session that is further than this computer's clock, as after that was set back, says by how much", () => {
  assert.is(aheadWords(T + 59 * MINUTE, T), "The session's time is 59 min ahead of this computer's clock");
  for (const headUs of [T + 30e6, T - 59 * MINUTE, Number.NaN]) assert.is(aheadWords(headUs, T), "");
});

test("how long an incident has lasted is said as soon as the page knows the time of the session", () => {
  const [incident] = incidentsOf(told([step(2, 5, "opened")]));
  assert.is(timeWords(incident!, T + 9 * MINUTE), "since 12:00 (9 min)");
  for (const nowUs of [T, Number.NaN]) assert.is(timeWords(incident!, nowUs), "since 12:00");
});

test("[L2] an incident whose opening the page does not have begins with what it has", () => {
  const [incident] = incidentsOf(told([step(9, 30, "closed", { lastedUs: 7 * MINUTE })]));
  assert.equal([incident!.sinceUs, incident!.untilUs, incident!.state], [T, T + 7 * MINUTE, "closed"]);
});

test("[L3] an incident has who acknowledged it, who cares for it and its snooze, as the last events say", () => {
  const of = (...more: ReturnType<typeof step>[]) =>
    incidentsOf(told([step(1, 5, "opened"), ...more]))[0]!.care;
  assert.equal(of(), { acknowledged: null, assigned: null, snoozedUntilUs: null });
  const acknowledged = step(2, 6, "acknowledged", { said: { author: "Ana", note: "mine" } });
  const assigned = step(3, 7, "assigned", { said: { author: "Ana", to: "Ben" } });
  const snoozed = step(4, 8, "snoozed", { said: { author: "Ben", untilUs: T + 60 * MINUTE } });
  const care = of(acknowledged, assigned, snoozed);
  assert.equal([care.acknowledged?.by, care.acknowledged?.note], ["Ana", "mine"]);
  assert.equal([care.assigned?.to, care.snoozedUntilUs], ["Ben", T + 60 * MINUTE]);
  const given = of(
    acknowledged,
    assigned,
    snoozed,
    step(5, 9, "assigned", { said: { author: "Ben", to: "" } }),
  );
  assert.is(given.assigned, null);
  const woken = step(6, 10, "snoozed", { said: { author: "Ben", untilUs: T } });
  assert.is(of(snoozed, woken).snoozedUntilUs, null);
});

test("a later finding about the same channel belongs to the incident only while the first has not ended", () => {
  const events = told([
    finding(1, 0, { low: 1, high: 2, value: 9 }),
    step(2, 5, "opened", { events: "p0/1/0" }),
    finding(3, 6, { kind: "anomaly.ended", low: 1, high: 2, value: 1.5 }),
    finding(4, 50, { low: 1, high: 2, value: 9 }),
  ]);
  const [incident] = incidentsOf(events);
  assert.equal(
    incident!.findings.map(({ sequence }) => sequence),
    [1, 3],
  );
});

test("with nothing open the verdict is 'As usual', and says since when", () => {
  assert.is(verdict([other(1, 0, "incident.watching")], 40).headline, "As usual since 12:00 (40 min)");
  const ended = [step(1, 5, "opened"), step(2, 9, "closed", { lastedUs: 8 * MINUTE })];
  assert.is(verdict(ended, 20).headline, "As usual since 12:08 (12 min)");
  assert.is(verdict([other(1, 0, "coherence.warmed")], 20).headline, "As usual");
});

test("while a session is learnt the verdict says how far that is", () => {
  const learning = { ...other(1, 0, "incident.learning"), detail: { learningUs: 5 * MINUTE } };
  assert.is(verdict([learning], 3).headline, "Learning what is usual: 3 of 5 minutes");
  assert.is(verdict([learning, other(2, 5, "incident.watching")], 6).state, "usual");
  assert.is(verdict([], 6).headline, "Learning what is usual");
});

test("one thing is told in words, with its unit, what is usual, and since when", () => {
  const events = [
    finding(1, 0, { low: 0.3e6, high: 9e6, value: 41e6, view: "lasting" }),
    step(2, 5, "opened", { events: "p0/1/0" }),
  ];
  const said = verdict(events, 9);
  assert.is(said.headline, "1 thing changed");
  assert.equal(
    said.things.map(({ words, when }) => `${words} ${when}`),
    ["Disk writes at 4.6 × its usual, 41 MB/s (usually 300 kB/s–9 MB/s) since 12:00 (9 min)"],
  );
  assert.is(said.rest, "all 31 others as usual");
});

test("of several things the worst two are told, the others are counted", () => {
  const events = [
    step(1, 5, "opened", { incident: 1, severity: "notice", title: "A is odd, for 5 min" }),
    step(2, 6, "opened", { incident: 2, severity: "critical", title: "B is odd" }),
    step(3, 7, "opened", { incident: 3, severity: "warning", title: "C is odd" }),
  ];
  const said = verdict(events, 9);
  assert.is(said.headline, "3 things changed");
  assert.is(said.severity, "critical");
  assert.equal(
    said.things.map(({ words }) => words),
    ["B is odd", "C is odd"],
  );
});

test("what has eased is no longer counted as changed, and 'back to normal' is said when it is over", () => {
  const eased = [step(1, 5, "opened"), step(2, 9, "eased", { lastedUs: 8 * MINUTE })];
  assert.is(verdict(eased, 10).headline, "Almost as usual");
  const [before] = incidentsOf(told(eased));
  assert.is.not(fateWords(before!, KNOWN), "back to normal");
  const [after] = incidentsOf(told([...eased, step(3, 12, "closed", { lastedUs: 8 * MINUTE })]));
  assert.is(fateWords(after!, KNOWN), "back to normal");
});

test("what stays is said to stay, with what was usual before", () => {
  const events = [
    finding(1, 0, { low: 30, high: 42, value: 1.7, unit: "ms" }),
    step(2, 5, "opened", { events: "p0/1/0" }),
    step(3, 90, "accepted", { lastedUs: 90 * MINUTE }),
  ];
  const [incident] = incidentsOf(told(events));
  assert.is(
    fateWords(incident!, { ...KNOWN, named: () => ({ title: "Latency", unit: "ms" }) }),
    "stays at 1.70 ms (before 30–42 ms); taken as usual now",
  );
});

test("a channel that stands still is called stuck, one that moves less steadier", () => {
  const events = [
    finding(1, 0, { low: 0.02, high: 0.09, value: 0.016, view: "roughness" }),
    step(2, 5, "opened", { events: "p0/1/0" }),
  ];
  const [incident] = incidentsOf(told(events));
  assert.is(sentenceOf(incident!, { ...KNOWN, valueAt: () => 54.7 }), "Disk writes is stuck at 54.7 B/s");
  const moves = { ...KNOWN, valueAt: (_g: string, _c: string, us: number) => us };
  assert.match(sentenceOf(incident!, moves), /steadier than usual: 0\.016 B\/s from row to row/);
});

test("prices that all move to one side are told as one, with the mean of their steps", () => {
  const fall = { view: "common", low: -1.58, high: 1.58, value: -4.09, effect: 2.6 };
  const [incident] = incidentsOf(told([finding(1, 0, fall), step(2, 0, "opened", { events: "p0/1/0" })]));
  assert.is(
    sentenceOf(incident!, KNOWN),
    "g: prices fell together, by 4.09 % on average (usually -1.58 to 1.58 %)",
  );
});

test("a channel that brings nothing is said to, with its usual spacing, and is back to normal when values come", () => {
  const events = [
    finding(1, 0, { kind: "arrival.silent", everyUs: 10e6, sinceUs: T }),
    step(2, 5, "opened", { events: "p0/1/0" }),
  ];
  const said = verdict(events, 9);
  assert.equal(
    said.things.map(({ words, when }) => `${words} ${when}`),
    ["Disk writes brings nothing, usually a value every 10 s since 12:00 (9 min)"],
  );
  const back = finding(3, 12, { kind: "arrival.returned", everyUs: 10e6, sinceUs: T });
  const [incident] = incidentsOf(told([...events, back, step(4, 20, "closed", { lastedUs: 12 * MINUTE })]));
  assert.equal(
    incident!.findings.map(({ kind }) => kind),
    ["arrival.silent", "arrival.returned"],
  );
  assert.is(fateWords(incident!, KNOWN), "back to normal");
});

test("the reasons are at most five channels, each with what is usual and what it is now", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const [incident] = incidentsOf(told([step(1, 5, "opened", { channels: names })]));
  const known: Known = { ...KNOWN, usual: () => ({ low: 1, high: 2 }), valueAt: () => 7 };
  const why = contributionsOf(incident!, known, T + 9 * MINUTE);
  assert.equal(
    why.map(({ channel }) => channel),
    names.slice(0, 5),
  );
  assert.equal([why[0]!.before, why[0]!.after], ["1–2 B/s", "7.00 B/s"]);
});

test("a threshold that a channel leads to is one clause, until it is reached, eases, or its time is over", () => {
  const crossing = (sequence: number, minutes: number, kind: string, inMinutes: number): EventMessage => ({
    ...other(sequence, minutes, kind),
    channels: ["w"],
    detail: { level: 95, unit: "%", expectedUs: T + (minutes + inMinutes) * MINUTE },
  });
  const expected = crossing(1, 1, "crossing.expected", 12);
  assert.is(verdict([expected], 1).expected, "Disk writes expected to pass 95 % in 12 min");
  assert.is(verdict([expected, crossing(2, 3, "crossing.eased", 10)], 3).expected, "");
  assert.is(verdict([expected, crossing(2, 3, "crossing.reached", 10)], 3).expected, "");
  assert.is(verdict([expected], 14).expected, "");
  const sooner = { ...crossing(2, 2, "crossing.expected", 4), channels: ["v"] };
  assert.match(verdict([expected, sooner], 2).expected, / in 4 min$/);
});

test("a feed that is silent, failed or ended is said apart, until it brings something again", () => {
  const silent = { ...other(1, 5, "feed.stalled"), detail: { source: "shop", text: "" } };
  const failed = { ...other(1, 5, "feed.failed"), detail: { source: "shop", text: "no such file" } };
  assert.is(verdict([silent], 6).feeds[0]!.words, "Feed shop has been silent since 12:05 (1 min)");
  assert.is(verdict([failed], 6).feeds[0]!.words, "Feed shop failed at 12:05: no such file");
  assert.equal(verdict([silent], 9, new Map([["shop", T + 8 * MINUTE]])).feeds, []);
  const atOnce = { ...failed, timeUs: 0 };
  assert.is(
    verdict([atOnce], 6).feeds[0]!.words,
    "Feed shop failed: no such file",
    "a session has no time yet",
  );
});

test("where all feeds ended before anything was learnt, nothing is said to be learnt", () => {
  const ended = { ...other(1, 5, "feed.ended"), detail: { source: "shop", text: "" } };
  const headline = (sources: readonly string[]) =>
    verdict([ended], 6, new Map(sources.map((source) => [source, T]))).headline;
  assert.is(headline(["shop"]), "Too little data to say what is usual");
  assert.is(headline(["shop", "other"]), "Learning what is usual");
});

test("what the budget held back and still lasts is said, until it ends or an incident has it", () => {
  const found = { ...finding(1, 0, {}), title: "disk is 41 (usual: 1 to 9)" };
  const heldBack = { ...other(2, 1, "incident.held-back"), detail: { events: found.id } };
  assert.is(verdict([found], 1).heldBack, "");
  assert.is(verdict([found, heldBack], 1).heldBack, "no alarm, it may be chance: disk is 41 (usual: 1 to 9)");
  const opened = step(3, 2, "opened", { events: found.id });
  assert.is(verdict([found, heldBack, opened], 2).heldBack, "");
  assert.is(verdict([found, heldBack, finding(3, 2, { kind: "anomaly.ended" })], 2).heldBack, "");
  assert.is(
    verdict([found, heldBack, finding(3, 2, {})], 2).heldBack,
    verdict([found, heldBack], 1).heldBack,
  );
});

test("at a moment of the past an incident lasts that was reported later, and none that began later", () => {
  const incidents = incidentsOf(
    told([
      step(1, 5, "opened"),
      step(2, 9, "closed", { lastedUs: 8 * MINUTE }),
      step(3, 30, "opened", { incident: 2, sinceUs: T + 25 * MINUTE }),
    ]),
  );
  assert.equal(
    incidentsAt(incidents, T + MINUTE).map(({ number, state }) => [number, state]),
    [[1, "open"]],
  );
  assert.equal(
    incidentsAt(incidents, T + 10 * MINUTE).map(({ number, state }) => [number, state]),
    [[1, "closed"]],
  );
});

test("a range names its unit once where both ends have the same", () => {
  assert.is(rangeText({ low: 30, high: 55.1 }, "ms"), "30–55.1 ms");
  assert.is(rangeText({ low: -1.16, high: 1.23 }, "Cel"), "-1.16 to 1.23 Cel");
  assert.is(rangeText({ low: 5, high: 5 }, "%"), "5 %");
});

const KNOWN: Known = {
  named: () => ({ title: "Disk writes", unit: "B/s" }),
  usual: () => null,
  valueAt: () => Number.NaN,
};

function verdict(events: readonly EventMessage[], minutes: number, sources = new Map<string, number>()) {
  const newest = told(events);
  const situation: Situation = {
    nowUs: T + minutes * MINUTE,
    events: newest,
    incidents: incidentsOf(newest),
    channels: 32,
    sources,
    isUsualKnown: false,
    known: KNOWN,
  };
  return verdictOf(situation);
}

/** Newest first, as the page has them. */
function told(events: readonly EventMessage[]): readonly EventMessage[] {
  return [...events].reverse();
}

function other(sequence: number, minutes: number, kind: string): EventMessage {
  return {
    type: "event",
    sequence,
    id: `p0/${sequence}/0`,
    timeUs: T + minutes * MINUTE,
    kind,
    severity: "info",
    actor: "test",
    group: "g",
    channels: [],
    title: kind,
    detail: {},
  };
}

interface Step {
  incident?: number;
  sinceUs?: number;
  lastedUs?: number;
  events?: string;
  severity?: EventMessage["severity"];
  title?: string;
  channels?: readonly string[];
  /** Further detail. */
  said?: EventMessage["detail"];
}

function step(sequence: number, minutes: number, what: string, given: Step = {}): EventMessage {
  const { incident = 1, sinceUs = T, lastedUs = 0, events = "", severity = "notice", title = what } = given;
  return {
    ...other(sequence, minutes, `incident.${what}`),
    severity: what === "opened" || what === "grew" ? severity : "info",
    title,
    channels: [...(given.channels ?? ["disk"])],
    detail: { incident, sinceUs, lastedUs, events, priority: 0.9, ...given.said },
  };
}

function finding(sequence: number, minutes: number, given: Record<string, number | string>): EventMessage {
  const { kind = "anomaly.started", view = "level", ...detail } = given;
  return {
    ...other(sequence, minutes, String(kind)),
    channels: ["disk"],
    detail: { fingerprint: `${view}:disk`, view, joint: false, effect: 1, ...detail },
  };
}

test.run();
