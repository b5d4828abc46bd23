// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MachineHost } from "../../actors/core/machine-host.ts";
import { REPORT_EVERY_US } from "../../actors/detectors/feed-watcher/machine.ts";
import { SYSTEM } from "../../actors/system.ts";

/** A machine, found by its actor's name, and the kinds of events it announces for signals. */
class Given {
  readonly host: MachineHost;
  readonly announced: string[] = [];
  readonly asked: string[] = [];
  readonly announcements: Record<string, unknown>[] = [];

  constructor(actor: string) {
    const definition = [...SYSTEM.group, ...SYSTEM.session].find(({ name }) => name === actor)!;
    this.host = new MachineHost(definition.machine, { group: "g" });
  }

  when(...signals: (string | Record<string, unknown>)[]): this {
    for (const signal of signals) {
      const event = typeof signal === "string" ? { ...FIELDS, type: signal } : { ...FIELDS, ...signal };
      for (const action of this.host.send(event as { type: string })) {
        if (action.type === "announce") {
          this.announced.push(String(action.params["kind"]));
          this.announcements.push(action.params);
        } else this.asked.push(`${action.type} ${String(action.params["id"])}`);
      }
    }
    return this;
  }

  get state(): string {
    return String(this.host.value);
  }
}

const FIELDS = {
  timeUs: 1,
  level: 0.1,
  reference: 0.2,
  usualLow: 0.1,
  usualHigh: 0.3,
  movesLow: -1,
  movesHigh: 2,
  share: null,
  alarms: 0,
  purity: 0.3,
  nEff: 10,
  significantPairs: 1,
  pairs: 3,
  rows: 500,
  threshold: 2000,
  leftOut: [],
  channels: ["a"],
  titles: ["Channel a"],
  unit: "V",
  change: "c",
  member: "m",
  of: "values",
  lag1: 0.3,
  innovation: "difference",
  declared: "difference",
  times: 0,
  evidence: 20,
  worth: 14,
  logM: 9,
  onsetUs: 1,
  fingerprint: "f",
  view: "level",
  value: null,
  low: null,
  high: null,
  spanUs: 0,
  startedUs: 0,
  effect: 1,
  expected: null,
  joint: false,
  source: "s",
  detail: "",
  bad: 2,
  reasons: { nan: 2 },
  reason: "latency",
  latencyP99Us: 1,
  queueDepth: 0,
  shed: 0,
  degradedForUs: 1,
};
const coherent = { type: "warmed", coherent: true };

test("[C1] estimator announces its first judgement once", () => {
  const given = new Given("estimator").when("lost", "regained", coherent, coherent);
  assert.equal(given.announced, ["coherence.warmed"]);
  assert.is(given.state, "coherent");
});

test("[C1] estimator that warms up without coherence is decohered", () => {
  assert.is(new Given("estimator").when({ type: "warmed", coherent: false }).state, "decohered");
});

test("[C2] estimator's lost and regained alternate", () => {
  const given = new Given("estimator").when(
    coherent,
    "regained",
    "lost",
    "lost",
    "regained",
    "regained",
    "lost",
  );
  assert.equal(given.announced.slice(1), ["coherence.lost", "coherence.regained", "coherence.lost"]);
});

test("[K1] collapse is declared only while a baseline is known", () => {
  const given = new Given("collapse").when("declared", "suspected");
  assert.equal(given.announced, []);
  assert.equal(given.when("calibrated", "declared").announced, ["collapse.calibrated", "collapse.declared"]);
});

test("[K2] a further change while the new regime is learnt is announced, and the group is collapsed again", () => {
  const given = new Given("collapse").when("calibrated", "declared", "persists", "suspected", "declared");
  assert.is(given.state, "collapsed");
  assert.equal(
    given.announcements
      .filter(({ kind }) => kind === "collapse.declared")
      .map(({ finding }) => (finding as { phase: string }).phase),
    ["opened", "grew"],
  );
});

test("[K2] a further change within a collapse is announced, and the group stays collapsed", () => {
  const given = new Given("collapse").when("calibrated", "declared", "suspected", "declared");
  assert.is(given.state, "collapsed");
  assert.is(given.announced.filter((kind) => kind === "collapse.declared").length, 2);
});

test("[K3] a collapse that passes leaves the old baseline in place", () => {
  const given = new Given("collapse").when("calibrated", "declared", "returned");
  assert.is(given.state, "tracking");
  assert.equal(given.announced.slice(2), ["collapse.recovered"]);
  assert.equal(given.asked, []);
});

test("[K4] a collapse that lasts leads to learning the new regime", () => {
  const given = new Given("collapse").when("calibrated", "declared", "persists");
  assert.is(given.state, "relearning");
  assert.equal(given.when("calibrated").announced.slice(2), ["collapse.rebaselined"]);
  assert.is(given.state, "tracking");
});

test("[K5] a void guarantee is announced in any state and remembered", () => {
  for (const before of [
    [],
    ["calibrated"],
    ["calibrated", "suspected"],
    ["calibrated", "declared"],
    ["calibrated", "declared", "persists"],
  ]) {
    const given = new Given("collapse").when(...before);
    const state = given.state;
    given.when("dependent");
    assert.is(given.announced.pop(), "collapse.guarantee-void");
    assert.is(given.state, state);
    assert.is((given.host.save().context as { guarantee: string }).guarantee, "void");
    given.when("independent");
    assert.is((given.host.save().context as { guarantee: string }).guarantee, "holds");
  }
});

test("[K5] whether the guarantee holds is not known before it is confirmed, and every alarm says so", () => {
  const guarantees = (...signals: string[]) => {
    const given = new Given("collapse").when("calibrated", ...signals, "declared");
    const { detail, title } = given.announcements.find(({ kind }) => kind === "collapse.declared")!;
    return [(detail as { guarantee: string }).guarantee, /not yet known/.test(title as string)];
  };
  assert.equal(guarantees(), ["unknown", true]);
  assert.equal(guarantees("confirmed"), ["holds", false]);
  assert.equal(guarantees("dependent"), ["void", false]);
  assert.equal(new Given("collapse").when("calibrated", "confirmed").announced.slice(1), [
    "collapse.guarantee-holds",
  ]);
});

test("[K6] a suspicion is not announced, and passes", () => {
  const given = new Given("collapse").when("calibrated", "suspected");
  assert.is(given.state, "suspected");
  assert.is(given.when("cleared").state, "tracking");
  assert.equal(given.announced, ["collapse.calibrated"]);
});

const LEVEL = { form: "level", title: "Channel a", before: 1, after: 9, spread: 1, changedUs: 1, sinceUs: 1 };

const RISK = {
  channel: "a",
  title: "Channel a",
  again: false,
  effect: 3,
  evidence: 9,
  price: 8,
  breach: "clusters",
  percent: 99,
  returns: 250,
  exceeded: 9,
  expected: 2.5,
  kupiec: 0.001,
  christoffersen: 0.4,
  logReturn: -0.05,
  volatility: 0.01,
  drawdown: 0.2,
  drawdownMax: 0.3,
  turbulence: 5,
  absorption: null,
  absorptionShift: null,
  sinceUs: 1,
};

const TREND = {
  ...LEVEL,
  ...{
    channel: "a",
    unit: "",
    before: 0,
    after: 1,
    slopeBefore: 0,
    slopeAfter: 1,
    error: 0.1,
    gain: 20,
    price: 15,
  },
  ...{
    level: 9,
    direction: "above",
    value: 3,
    slope: 1,
    expectedUs: 9,
    lowUs: 8,
    highUs: 10,
    courseUs: 1,
    isInside: true,
  },
};

const PAIR = {
  first: "a",
  second: "b",
  firstTitle: "Channel a",
  secondTitle: "Channel b",
  strength: 0.6,
  degrees: 30,
  more: 0,
  isUsual: false,
  evidence: 9,
  price: 8,
  guarantee: "holds",
  rayleigh: 0.001,
  beatHz: 0,
  sinceUs: 1,
};

const SILENCE = { title: "Channel a", channel: "a", sinceUs: 1, everyUs: 1, longestUs: 1, missed: 17 };

test("whatever a detector finds is announced as info: incidents decide what deserves attention", () => {
  const declared = { type: "declared", effect: 30 };
  const found = [
    ...new Given("collapse").when("calibrated", declared, "returned", declared, "persists", "calibrated")
      .announcements,
    ...new Given("anomaly").when("warmed", { type: "opened", joint: true, effect: 30 }, "closed")
      .announcements,
    ...new Given("changes").when({ ...declared, ...LEVEL }, { ...LEVEL, type: "returned" }).announcements,
    ...new Given("risk").when(
      ...["violated", "restored", "fell", "steadied", "turbulent", "calmed"].map((type) => ({
        ...RISK,
        type,
      })),
    ).announcements,
    ...new Given("trend").when(
      ...["turned", "flattened", "nearing", "eased", "reached"].map((type) => ({ ...TREND, type })),
    ).announcements,
    ...new Given("arrivals").when(
      { ...SILENCE, type: "silent" },
      { ...SILENCE, type: "returned" },
      { ...SILENCE, type: "slower", nowEveryUs: 20 },
    ).announcements,
    ...new Given("entanglement").when({ ...PAIR, type: "began" }, { ...PAIR, type: "ceased" }).announcements,
    ...new Given("interference").when({ ...PAIR, type: "stable" }, { ...PAIR, type: "washedOut" })
      .announcements,
  ].filter(({ finding }) => finding !== undefined);
  assert.equal(
    [...new Set(found.map(({ kind }) => kind))],
    [
      "collapse.declared",
      "collapse.recovered",
      "collapse.rebaselined",
      "anomaly.started",
      "anomaly.ended",
      "change.declared",
      "change.returned",
      "risk.backtest-violated",
      "risk.backtest-restored",
      "risk.drawdown",
      "risk.drawdown-over",
      "risk.turbulent",
      "risk.calm",
      "trend.turned",
      "trend.ended",
      "crossing.expected",
      "crossing.eased",
      "crossing.reached",
      "arrival.silent",
      "arrival.returned",
      "arrival.slower",
      "entanglement.began",
      "entanglement.ceased",
      "interference.stable",
      "interference.washed-out",
    ],
  );
  assert.equal([...new Set(found.map(({ severity }) => severity))], ["info"]);
});

test("[A1] no anomaly is announced while warming up", () => {
  assert.equal(new Given("anomaly").when("opened", "closed").announced, []);
});

test("[A2] an anomaly is announced when it starts and when it ends", () => {
  const given = new Given("anomaly").when("warmed", "opened", "closed");
  assert.equal(given.announced, ["anomaly.started", "anomaly.ended"]);
});

const OUT = { joint: false, view: "level", value: 96, expected: 30, low: 20, high: 45 };

test("an anomaly is announced with display name, unit and usual range, and as a finding", () => {
  const { announcements } = new Given("anomaly").when("warmed", { ...OUT, type: "opened", effect: 2 });
  const { title, channels, finding } = announcements[0]!;
  assert.is(title, "Channel a is 96.00 V (usual: 20.00 to 45.00 V)");
  assert.equal(channels, ["a"]);
  assert.equal(finding, { key: "f", phase: "opened", sinceUs: 0, effect: 2, evidence: 14, adds: false });
});

test("the title of an anomaly says what its view saw", () => {
  const title = (more: object) =>
    new Given("anomaly").when("warmed", { ...OUT, type: "opened", ...more }).announcements[0]!["title"];
  const bytes = { unit: "B/s", value: 46e6, low: 0, high: 2000 };
  assert.is(
    title({ ...bytes, view: "mean", spanUs: 6.4e6 }),
    "Channel a averages 46.00 MB/s over 6.4 s (usual: 0.000 B/s to 2.00 kB/s)",
  );
  assert.is(
    title({ view: "step", value: 9, low: -1, high: 1 }),
    "Channel a jumped by 9.00 V (usual: -1.00 to 1.00 V)",
  );
  assert.is(
    title({ view: "roughness", value: 0, low: 1, high: 2 }),
    "Channel a stopped changing (usual: 1.00 to 2.00 V)",
  );
  assert.is(
    title({ view: "lasting", value: 9, high: null }),
    "Channel a stays at 9.00 V (usual: at least 20.00 V)",
  );
  assert.is(
    title({ view: "lasting", value: 50, low: null }),
    "Channel a stays at 50.00 V (usual: at most 45.00 V)",
  );
});

test("[A2] an anomaly that lasts is announced once as staying, and then as accepted", () => {
  const lasting = [
    { ...OUT, type: "stayed" },
    { ...OUT, type: "accepted", timeUs: 3.6e9 },
  ];
  const { announced, announcements } = new Given("anomaly").when("warmed", "opened", ...lasting);
  assert.equal(announced, ["anomaly.started", "anomaly.stays", "anomaly.accepted"]);
  assert.equal(announcements.map(({ title }) => title).slice(1), [
    "Channel a stays at 96.00 V (usual: 20.00 to 45.00 V)",
    "Channel a stays at 96.00 V (usual: 20.00 to 45.00 V) for 60 min; this is taken as normal now",
  ]);
});

test("[A2] channels that are unusual together are named while it lasts, and one of them for what the others do", () => {
  const titles = (channels: string[]) =>
    new Given("anomaly")
      .when("warmed", { ...OUT, joint: true, titles: channels, type: "opened" })
      .when({ ...OUT, joint: true, titles: channels, type: "stayed" })
      .announcements.map(({ title }) => title);
  assert.equal(titles(["Load", "Heat"]), [
    "g: Load and Heat are unusual together (Load 96.00 V, usual: 20.00 to 45.00 V)",
    "g: Load and Heat stay unusual together (Load 96.00 V, usual: 20.00 to 45.00 V)",
  ]);
  assert.equal(titles(["Load"]), [
    "g: Load is unusual for what the others do (96.00 V, usual: 20.00 to 45.00 V)",
    "g: Load stays unusual for what the others do (96.00 V, usual: 20.00 to 45.00 V)",
  ]);
});

test("[A3] the group is watched again only after the quiet time", () => {
  const given = new Given("anomaly").when("warmed", "opened", "closed", "quiet");
  assert.is(given.state, "cooling");
  assert.is(given.when("cooled").state, "watching");
});

test("[A3] an anomaly that starts while cooling is announced", () => {
  const given = new Given("anomaly").when("warmed", "opened", "closed", "quiet", "opened");
  assert.is(given.state, "anomalous");
  assert.is(given.announced.length, 3);
});

test("[M1] monitor's degraded and recovered alternate", () => {
  const given = new Given("monitor").when(
    "relieved",
    "strained",
    "strained",
    "relieved",
    "relieved",
    "strained",
  );
  assert.equal(given.announced, ["monitor.degraded", "monitor.recovered", "monitor.degraded"]);
});

test("[F1] each gap, stall, failure and end of a feed is one event", () => {
  const given = new Given("feedWatcher").when("opened", "gap", "gap", "stalled", "failed", "ended");
  assert.equal(given.announced, ["feed.gap", "feed.gap", "feed.stalled", "feed.failed", "feed.ended"]);
});

test("[F2] bad samples are announced at once, then summed until the report is due", () => {
  const given = new Given("feedWatcher").when("spoiled");
  assert.equal(given.announced, ["feed.bad-samples"]);
  assert.equal(given.asked, ["timer.start report"]);
  given.when("spoiled", { type: "spoiled", source: "other", bad: 5 });
  assert.is(given.announced.length, 1);
  given.when("timer.report");
  assert.is(given.announced.length, 2);
  const detail = given.announcements[1]!["detail"] as Record<string, unknown>;
  assert.is(detail["bad"], 7);
  assert.is(detail["sources"], "s, other");
});

test("[F3] holding continues while bad samples arrive and ends when there were none", () => {
  const given = new Given("feedWatcher").when("spoiled", "spoiled", "timer.report");
  assert.is(given.state, "holding");
  assert.is(given.when("timer.report").state, "quiet");
  assert.is(REPORT_EVERY_US, 60_000_000);
});

for (const last of ["ended", "failed"])
  test(`[F4] held bad samples are announced before a feed has ${last}`, () => {
    const given = new Given("feedWatcher").when("spoiled", { type: "spoiled", bad: 5 }, last);
    assert.equal(given.announced, ["feed.bad-samples", "feed.bad-samples", `feed.${last}`]);
    assert.is((given.announcements[1]!["detail"] as Record<string, unknown>)["bad"], 5);
    assert.is(given.when("timer.report").announced.length, 3);
  });

test.run();
