/**
 * The inputs of the golden session, in order of time: the same ones each time, so that a session that is recorded anew has the same inputs.
 *
 *   0 s      the first groups, ticks, states and records; reports and measurements all along
 *   70 s     the snapshot
 *   75 s     people edit the shared document, set a threshold and care for its alert
 *   300 s    two scans, one of them removed, one interrupted
 *   1,515 s  people care for an incident, which grows while it is snoozed
 *   6,000 s  other settings of the collapse detector, then of incidents
 *   3 h      23 days of the seasonal group
 *   then     other settings of the other actors, the plant once more, an injection that its session interrupts, the session opened again
 *
 * Settings come late, because actors that they concern begin anew.
 */
import { actorVersions } from "../../actors/core/mod.ts";
import { SYSTEM } from "../../actors/system.ts";
import { VERSIONS } from "../../actors/versions.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import { loggedBody } from "../../protocol/commands.ts";
import { INJECTION_ENDED, INJECTION_STARTED } from "../../protocol/controls.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";
import type { Channels, Input, OperatorNotice } from "../../protocol/messages.ts";
import type { ScanFactName } from "../../protocol/scan-facts.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { addsPanel, Replica, setsThreshold } from "../rooms/edits.ts";
import { Noise, type RowGroup, rowGroups, SECOND_STAGE_US } from "./golden-groups.ts";

export interface TimedInput {
  /** µs since the epoch. */
  readonly timeUs: number;
  readonly input: Input;
}

const SECOND_US = 1_000_000;
/** A Monday, 00:00 UTC: days and weeks begin with the session. */
const BEGIN_US = 1_699_833_600 * SECOND_US;
/** The snapshot is taken here: actors have something to keep, and not yet much. */
export const SNAPSHOT_US = BEGIN_US + 70 * SECOND_US;

/** Sorted by time; inputs of the same time in the order of this list. Frames are numbered by source. */
export function goldenInputs(): TimedInput[] {
  const inputs = [
    at(0, opened()),
    ...declarations(),
    ...rowGroups().flatMap(frames),
    ...ticks(),
    ...states(),
    ...currents(),
    ...reports(),
    ...measurements(),
    ...notices(),
    ...people(),
    ...scans(),
    ...changes(),
    at(END_US, opened()),
    at(END_US + SECOND_US, {
      type: "feedStatus",
      source: "feed",
      status: "opened",
      detail: "again",
      counts: {},
    }),
  ];
  const sorted = inputs.sort((a, b) => a.timeUs - b.timeUs);
  const numbers = new Map<string, number>();
  for (const { input } of sorted) {
    if (input.type !== "frame") continue;
    input.sequence = (numbers.get(input.source) ?? 0) + 1;
    numbers.set(input.source, input.sequence);
  }
  return sorted;
}

const END_US = SECOND_STAGE_US + 800 * SECOND_US;

function at(sinceBeginUs: number, input: Input): TimedInput {
  return { timeUs: BEGIN_US + sinceBeginUs, input };
}

function opened(): Input {
  const settings = parseSettings({
    seed: 7,
    changes: { enabled: true },
    measurementEffect: {
      enabled: true,
      windowRows: 24,
      placebos: 19,
      events: "injection.started, incident.opened",
    },
    prediction: { enabled: true, falseAlarmSamples: 20 },
    patterns: { enabled: true, confidence: 0.9 },
    trend: { enabled: true, horizonSeconds: 600 },
    risk: { enabled: true, windowReturns: 300, backtestReturns: 100, falseAlarmSamples: 10 },
    opportunity: { enabled: true, windowPeriods: 100, fdrPercent: 50, fees: "*=0", minimumProfitPercent: 0 },
    entanglement: { enabled: true, learnRows: 100, falseAlarmSamples: 10 },
    interference: { enabled: true, falseAlarmSamples: 10 },
  });
  return {
    type: "sessionOpened",
    session: "golden",
    partition: "p0",
    seed: settings.seed,
    settings: settings as unknown as Record<string, unknown>,
    versions: { ...VERSIONS, ...actorVersions(SYSTEM) },
  };
}

/** When the collapse detector gets other settings, when incidents do, and when the other actors do. */
const COLLAPSE_CHANGED_US = 5_990 * SECOND_US;
const INCIDENTS_CHANGED_US = 6_350 * SECOND_US;
const OTHERS_CHANGED_US = SECOND_STAGE_US - 3_600 * SECOND_US;

function changes(): TimedInput[] {
  const set = (us: number, settings: Readonly<Record<string, unknown>>) =>
    Object.entries(settings).map(([path, value]) =>
      at(us, { type: "configChanged", path, value, author: "golden" }),
    );
  return [
    ...set(COLLAPSE_CHANGED_US, {
      "collapse.volatility": "ewma",
      "collapse.statistic": "cusum",
      "collapse.calibrationRows": 120,
      "collapse.recoveryRows": 40,
    }),
    ...set(INCIDENTS_CHANGED_US, { "incidents.budgetPerDay": 200 }),
    ...set(OTHERS_CHANGED_US, {
      "anomaly.windowSamples": 64,
      "anomaly.falseAlarmsPerDay": 20,
      "changes.averageUs": 0,
      "changes.raiseNats": 0.5,
      "prediction.stepSeconds": 0,
      "prediction.seasonSeconds": 600,
      "prediction.memorySteps": 200,
      "patterns.averageUs": 100_000,
      "trend.averageUs": 100_000,
      "trend.horizonSeconds": 900,
      "risk.channels": "p0, p1, p2, p3",
      "opportunity.channels": "p0, p1, p2",
      "opportunity.rates": "p0=A/B@v, p1=B/C@v, p2=A/C@v",
      "risk.horizonSeconds": 3,
      "risk.windowReturns": 200,
      "risk.decay": 0.9,
      "estimator.norm": "power",
      "estimator.memoryRows": 32,
      "trajectory.memoryStates": 4,
      "entanglement.split": "p0, p1",
      "interference.pairs": "p0~p1, p2~p0",
      "monitor.degradedLatencyUs": 10_000,
    }),
  ];
}

/** Ana and Bob share a document; what they change there reaches the alerts as commands of the room, and what is in force the document. */
function people(): TimedInput[] {
  const level = {
    of: { group: "trades", channel: "JKL" },
    direction: "above",
    level: 100,
    clearLevel: 99.5,
    dwellSeconds: 2,
  };
  const [ana, bob] = [new Replica(7, "ana"), new Replica(8, "bob")];
  let number = 0;
  const command = (seconds: number, name: string, body: object, source = "room") =>
    at(seconds * SECOND_US, {
      type: "command",
      name,
      body: loggedBody(name, body),
      author: { id: "ana", name: "Ana", role: "editor" },
      source,
      sequence: source === "room" ? ++number : 0,
    });
  const edit = (seconds: number, replica: Replica, change: Parameters<Replica["edits"]>[0]) =>
    at(seconds * SECOND_US, replica.edits(change));
  const intends = (id: string, intent: object) => (doc: Parameters<Parameters<Replica["edits"]>[0]>[0]) =>
    void doc.getMap("intents").set(id, intent);
  const inForce = (seconds: number, heard: number, changed: object, alert: object | null) =>
    command(
      seconds,
      "alerts.inForce",
      { heard, entries: [{ id: "jkl", threshold: { id: "jkl", ...level, ...changed }, alert }] },
      "session",
    );
  const incidentInForce = (seconds: number, alert: object | null) => {
    const entries = [{ id: "p0/4", threshold: null, alert }];
    return command(seconds, "alerts.inForce", { heard: Number.MAX_SAFE_INTEGER, entries }, "session");
  };
  return [
    edit(75, ana, setsThreshold("jkl", level)),
    command(75, "threshold.set", { id: "jkl", ...level }),
    edit(76, bob, addsPanel("p", { type: "chart", title: "Trades", layout: { x: 0, y: 0, w: 4, h: 2 } })),
    edit(77, bob, setsThreshold("jkl", { direction: "about" })),
    edit(78, ana, (doc) => doc.getMap("view").set("cursor", { timeUs: BEGIN_US })),
    edit(
      90,
      bob,
      intends("s", { type: "workflow.start", run: "r", title: "Check", steps: { warm: "Warm up" } }),
    ),
    edit(91, bob, intends("d", { type: "workflow.step", run: "r", step: "warm", state: "done" })),
    edit(120, ana, intends("a", { type: "alert.acknowledge", alert: "jkl", note: "seen" })),
    command(120, "alert.acknowledged", { id: "jkl", note: "seen" }),
    inForce(121, Number.MAX_SAFE_INTEGER, {}, null),
    command(200, "alert.assigned", { id: "jkl", to: "Bob" }),
    inForce(201, Number.MAX_SAFE_INTEGER, {}, { assignedTo: "Bob", assignedBy: "Ana" }),
    command(260, "alert.snoozed", { id: "jkl", seconds: 60 }),
    command(400, "mark", { type: "news", title: "Rates" }),
    command(600, "mark", { type: "deploy", channels: ["p0"], atUs: BEGIN_US + 900 * SECOND_US }),
    command(700, "threshold.set", { id: "jkl", ...level, level: 101 }),
    inForce(701, Number.MAX_SAFE_INTEGER, { level: 101 }, null),
    edit(800, ana, (doc) => doc.getMap("thresholds").delete("jkl")),
    command(800, "threshold.removed", { id: "jkl" }),
    edit(1_515, ana, intends("b", { type: "alert.acknowledge", alert: "p0/4", note: "seen" })),
    command(1_515, "alert.acknowledged", { id: "p0/4", note: "seen" }),
    command(1_516, "alert.acknowledged", { id: "p0/4" }),
    command(1_517, "alert.assigned", { id: "p0/4", to: "Bob" }),
    incidentInForce(1_518, { assignedTo: "Bob", assignedBy: "Ana" }),
    command(1_520, "alert.snoozed", { id: "p0/4", seconds: 60 }),
    incidentInForce(1_945, null),
  ];
}

/** Ana's scan is paused, goes on, and gets an outcome twice; Bob's is removed; a third ends with the program. */
function scans(): TimedInput[] {
  const fact = (seconds: number, name: ScanFactName, body: object) =>
    at(seconds * SECOND_US, {
      type: "command",
      name,
      body: loggedBody(name, body),
      author: { id: name === "scanRequested" ? "ana" : "system" },
      source: "scans",
      sequence: 0,
    });
  const requested = { universe: "prices", rule: "rsi(14) < 30", symbols: 3, startedUs: BEGIN_US };
  const result = (symbol: string, score: number) => ({
    type: "result",
    atMs: 1.25,
    data: { symbol, score, signal: score >= 0.5, values: { "rsi(14)": 60 - 50 * score, volume: null } },
  });
  const problem = {
    type: "error",
    atMs: 2,
    data: { symbol: "X", reason: "there are 3 rows", evaluated: false },
  };
  const first = { scan: "s-1", first: 1, outcomes: [result("JKL", 0.75), problem] };
  return [
    fact(300, "scanRequested", { scan: "s-1", ...requested }),
    fact(300, "scanRequested", { scan: "s-2", ...requested, rule: "close > 1" }),
    fact(301, "scanResult", first),
    fact(302, "scanHeld", { scan: "s-1", held: true }),
    fact(303, "scanResult", { ...first, outcomes: [...first.outcomes, result("MNO", 0.25)] }),
    fact(304, "scanEnded", { scan: "s-2", state: "done", reason: "stopped", stats: { elapsedMs: 4.5 } }),
    fact(305, "scanRemoved", { scan: "s-2" }),
    fact(306, "scanHeld", { scan: "s-1", held: false }),
    fact(307, "scanEnded", { scan: "s-1", state: "done", reason: "finished", stats: { elapsedMs: 7 } }),
    fact(900, "scanRequested", { scan: "s-3", ...requested }),
    fact(901, "scanResult", { scan: "s-3", first: 1, outcomes: [result("PQR", 0.5)] }),
  ];
}

function declarations(): TimedInput[] {
  const declared = new Map<string, TimedInput>();
  for (const { name, channels, everyUs, innovation, startUs } of rowGroups())
    if (!declared.has(name))
      declared.set(name, at(startUs, declaration(name, channels, { everyUs, innovation })));
  return [
    ...declared.values(),
    at(0, declaration("trades", TRADED, { sampling: "ticks", everyUs: SECOND_US, innovation: "logReturn" })),
    at(0, declaration("qubit", ["down", "up"], {})),
    at(0, declaration("register", ["00", "01", "10", "11"], {})),
    at(0, declaration("homodyne", ["sigma_z"], { everyUs: 1_000 })),
  ];
}

function declaration(group: string, names: readonly string[], traits: Partial<Channels>): Channels {
  const channels = names.map((name) => ({ name, title: "", unit: group === "machine" ? "%" : "" }));
  return {
    type: "channels",
    group,
    source: group,
    channels,
    sampling: "rows",
    everyUs: 0,
    innovation: "difference",
    ...traits,
  };
}

// ---- rows and ticks -------------------------------------------------------------------------------------------------

function frames(group: RowGroup): TimedInput[] {
  const { name, channels, everyUs, startUs, rows, rowsPerFrame } = group;
  const values = new Float64Array(channels.length);
  const made: TimedInput[] = [];
  let frame = createFrame(name, name, channels.length * rowsPerFrame);
  for (let k = 0; k < rows; k++) {
    const timeUs = BEGIN_US + startUs + k * everyUs;
    if (group.row(k, values))
      for (let c = 0; c < values.length; c++)
        if (!Number.isNaN(values[c]!)) add(frame, timeUs, c, values[c]!);
    if (((k + 1) % rowsPerFrame !== 0 && k + 1 < rows) || frame.count === 0) continue;
    made.push({ timeUs: frame.time[frame.count - 1]!, input: frame });
    frame = createFrame(name, name, channels.length * rowsPerFrame);
  }
  return made;
}

function add(frame: Frame, timeUs: number, channel: number, value: number): void {
  const { count } = frame;
  frame.time[count] = timeUs;
  frame.channel[count] = channel;
  frame.value[count] = value;
  frame.count = count + 1;
}

const TRADED = ["JKL", "MNO", "PQR", "rare"];
const TICKS = 2_400;
const TICKS_PER_FRAME = 40;
/** Seconds without a tick before one, by its number: a gap of the rows, and one in which resonators die away. */
const SILENCES = new Map([
  [1_500, 20],
  [2_300, 1_300],
]);

/** Four instruments, one of which trades so seldom that it is not waited for; silences; two that move together for a while. */
function ticks(): TimedInput[] {
  const noise = new Noise(71);
  const prices = [100, 60, 250, 90];
  const made: TimedInput[] = [];
  let timeUs = BEGIN_US;
  let frame = createFrame("trades", "trades", TICKS_PER_FRAME, true);
  for (let k = 1; k <= TICKS; k++) {
    timeUs += 10_000 * (1 + noise.below(80)) + (SILENCES.get(k) ?? 0) * SECOND_US;
    const c = noise.below(250) === 0 ? 3 : noise.below(3);
    prices[c] = Math.max(10, prices[c]! + Math.round(2 * noise.next()) / 8);
    if (k > 1_000 && k < 1_400 && c === 1) prices[1] = prices[0]! - 40;
    frame.size![frame.count] = 1 + noise.below(9);
    add(frame, timeUs, c, prices[c]!);
    if (frame.count < TICKS_PER_FRAME) continue;
    made.push({ timeUs, input: frame });
    frame = createFrame("trades", "trades", TICKS_PER_FRAME, true);
  }
  return made;
}

// ---- states and records -----------------------------------------------------------------------------------------------

/** Whether and how far a telegraph is on its way up, by number of state. */
const JUMPS = [0, 40, 75, 78, 150, 151, 210] as const;

/** A qubit whose populations jump, some jumps in several steps; and a register of two qubits. */
function states(): TimedInput[] {
  const noise = new Noise(81);
  const qubit = Array.from({ length: 260 }, (_, k) => {
    const jumps = JUMPS.filter((each) => each <= k);
    const since = k - jumps.at(-1)!;
    const far = since === 0 ? 0.5 : since === 1 ? 0.8125 : 0.9375;
    const down = jumps.length % 2 === 0 ? far : 1 - far;
    const re = (noise.below(5) - 2) / 32;
    const im = (noise.below(5) - 2) / 32;
    const timeUs = BEGIN_US + 60 * SECOND_US + k * 500_000;
    const parts = { n: 2, re: [down, re, re, 1 - down], im: [0, -im, im, 0] };
    return state("densityMatrix", "qubit", k + 1, timeUs, parts);
  });
  const register = Array.from({ length: 120 }, (_, k) => {
    const re = VECTORS[Math.floor(k / 15) % VECTORS.length]![k % 2]!;
    const timeUs = BEGIN_US + 80 * SECOND_US + k * 1_000_000;
    return state("stateVector", "register", k + 1, timeUs, { n: 4, re, im: [0, 0, 0, 0] });
  });
  // With the later settings.
  const later = [...qubit.slice(0, 90), ...register.slice(0, 50)].map(({ timeUs, input }, k) => {
    const thenUs = timeUs + SECOND_STAGE_US;
    return { timeUs: thenUs, input: { ...input, timeUs: thenUs, sequence: 1_000 + k } };
  });
  return [...qubit, ...register, ...later];
}

/** A state given whole. */
function state(
  type: "densityMatrix" | "stateVector",
  group: string,
  sequence: number,
  timeUs: number,
  { n, re, im }: { n: number; re: readonly number[]; im: readonly number[] },
) {
  const input = {
    type,
    group,
    source: group,
    sequence,
    timeUs,
    n,
    re: float64Bytes(re),
    im: float64Bytes(im),
  };
  return { timeUs, input };
}

/** Unit vectors with few digits, two near ones for each place. */
const VECTORS = [
  [
    [1, 0, 0, 0],
    [0.96, 0.28, 0, 0],
  ],
  [
    [0.6, 0.8, 0, 0],
    [0.28, 0.96, 0, 0],
  ],
  [
    [0.5, 0.5, 0.5, 0.5],
    [0.5, 0.5, -0.5, 0.5],
  ],
  [
    [0, 0, 0.8, 0.6],
    [0, 0, 0, 1],
  ],
] as const;

/** The current of a measurement, whose mean moves. */
function currents(): TimedInput[] {
  const noise = new Noise(91);
  return Array.from({ length: 60 }, (_, k) => {
    const timeUs = BEGIN_US + 100 * SECOND_US + k * 64_000;
    const mean = k >= 30 && k < 40 ? 4 : 0;
    const current = Array.from({ length: 64 }, () => mean + Math.round(4 * noise.next()) / 4);
    const operator = "sigma_z";
    return {
      timeUs,
      input: {
        type: "measurementRecord" as const,
        ...{
          group: "homodyne",
          source: "homodyne",
          sequence: k + 1,
          timeUs,
          everyUs: 1_000,
          operator,
          efficiency: 0.5,
        },
        current: float64Bytes(current),
      },
    };
  });
}

// ---- what the session hears of its feeds, its machine and people --------------------------------------------------------

function reports(): TimedInput[] {
  const report = (
    seconds: number,
    status: "opened" | "gap" | "running" | "stalled" | "failed" | "ended",
    counts: Record<string, number>,
  ) =>
    at(seconds * SECOND_US, {
      type: "feedStatus",
      source: "feed",
      status,
      detail: `at ${seconds} s`,
      counts,
    });
  return [
    report(0, "opened", {}),
    report(20, "running", { nan: 3, unparsable: 1 }),
    report(45, "gap", { gap: 1 }),
    report(70, "running", { nan: 40 }),
    report(200, "stalled", {}),
    report(260, "running", { nan: 2, duplicate: 9 }),
    report(900, "failed", { infinite: 1 }),
    report(1_000, "opened", {}),
    report(5_000, "ended", { ragged: 2 }),
    at(5_001 * SECOND_US, {
      type: "shed",
      offered: 100,
      admitted: 90,
      shed: 9,
      duplicates: 1,
      reason: "queue",
    }),
  ];
}

/** Latencies of four minutes, again and again: twice not long enough to be strained, then strained and relieved. */
const LATENCIES_MS = [1, 60, 60, 1, 70, 80, 90, 100, 30, 20, 20, 20, 30, 20, 20, 20, 20, 20, 1, 1];

function measurements(): TimedInput[] {
  return Array.from({ length: 120 }, (_, k) =>
    at(k * 50 * SECOND_US, {
      type: "measurement",
      gauges: {
        latencyP99Us: 1_000 * LATENCIES_MS[k % LATENCIES_MS.length]!,
        queueDepth: k % 7,
        shed: k % 40 === 33 || k % 40 === 34 || k % 40 === 35 ? 5 : 0,
      },
    }),
  );
}

function notices(): TimedInput[] {
  const notice = (us: number, kind: string, scenario: string): TimedInput => {
    const injected: Omit<OperatorNotice, "type"> = {
      kind,
      severity: "notice",
      group: "plant",
      channels: ["p5"],
      title: `${scenario} in plant: ${kind}`,
      detail: { scenario, strength: 2, seed: 1 },
      author: "golden",
    };
    return at(us, { type: "notice", ...injected });
  };
  return [
    notice(899 * SECOND_US, INJECTION_STARTED, "level-shift"),
    notice(961 * SECOND_US, INJECTION_ENDED, "level-shift"),
    notice(SECOND_STAGE_US + 700 * SECOND_US, INJECTION_STARTED, "spike"),
    notice(END_US, INJECTION_ENDED, "spike"),
  ];
}
