/**
 * Alerts: thresholds that people set on channels and measures, and what becomes of them.
 *
 *   threshold.set ─► a part: its machine (threshold-machine.ts) ─► machine of all alerts (machine.ts) ─► alert.* events
 *   rows, measures ─► compared with the levels here ──beyond, dwelt, back──┘
 *
 * D1  Samples never reach a machine: a signal is sent when a value comes to the other side of a level, or has been there for the dwell time.
 * D2  Time is the time of the row. A value that nobody measured neither fires nor resolves: a silent feed is the feed watcher's.
 * D3  Without a threshold on a group nothing is read of it.
 * D4  A threshold stays until a person removes it, also when the actor is made anew.
 *
 * State is in the machines, and for objectives what was counted (burns.ts). `tests` is compiled from it, and made anew when thresholds or channels change.
 */
import type { Threshold } from "../../../protocol/alert-commands.ts";
import type { Channels, CommandInput, Input } from "../../../protocol/messages.ts";
import { applySetting, type Settings } from "../../../protocol/settings.ts";
import type {
  Announced,
  Batch,
  Detector,
  DetectorContext,
  Fields,
  Level,
  Measures,
  PartState,
  PartsContext,
} from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { thresholdText } from "./announcements.ts";
import type { BurnRate } from "./burn-rate.ts";
import { Burns, type Objective } from "./burns.ts";
import { type AlertsContext, alertsMachine } from "./machine.ts";
import type { AlertsSignal, ThresholdSignal } from "./signals.ts";
import type { ThresholdContext, ThresholdInput } from "./threshold-context.ts";
import { thresholdMachine } from "./threshold-machine.ts";

/** Thresholds of a session: more than people look after, and few enough to be compared with every row. */
export const MAX_THRESHOLDS = 256;

const SECOND_US = 1_000_000;

export const alerts = defineDetector({
  name: "alerts",
  version: 5,
  machine: alertsMachine,
  part: thresholdMachine,
  commands: ["threshold.set", "threshold.removed", "alert.acknowledged", "alert.assigned", "alert.snoozed"],
  follows: "incidents",
  adapts: true,
  // Without thresholds it does nothing.
  enabled: () => true,
  createDetector: (settings) => new AlertsDetector(settings),
  machineInput: (settings) => allowance(settings),
});

function allowance({
  alerts: { perDay, windowSeconds },
}: Settings): Pick<AlertsContext, "perDay" | "windowUs"> {
  return { perDay, windowUs: Math.round(windowSeconds * SECOND_US) };
}

/** A threshold as rows are compared with it. */
interface Test {
  readonly id: string;
  readonly part: PartState;
  /** Place of the channel in a row, −1 for a measure. */
  readonly column: number;
  /** "" for a channel. */
  readonly measure: string;
  /** 1 above, −1 below: a value is beyond the level when sign · value > limit. */
  readonly sign: 1 | -1;
  readonly limit: number;
  readonly clearLimit: number;
  readonly dwellUs: number;
  /** Of an objective: values beyond `badLimit` are bad, and the burn rate is compared. */
  readonly burn: BurnRate | null;
  readonly badSign: 1 | -1;
  readonly badLimit: number;
  readonly label: string;
  readonly unit: string;
}

/** The tests of a group, for the channels that it is declared with. */
interface Tests {
  readonly declaration: Channels | undefined;
  readonly rows: readonly Test[];
  readonly measures: readonly Test[];
}

const NONE: Tests = { declaration: undefined, rows: [], measures: [] };

type Context = DetectorContext<typeof alertsMachine>;

class AlertsDetector implements Detector<typeof alertsMachine> {
  readonly fields: Fields = {};
  /** The objectives, as far as their values have come. */
  private readonly burns = new Burns();
  readonly kept = this.burns;
  /** Those of the session: a snapshot holds them, so they are no state of this actor. */
  private settings: Settings;
  /** By group; null: to be made anew. */
  private tests: Map<string, Tests> | null = null;
  private readonly oneValue = new Float64Array(1);
  private readonly oneTime = new Float64Array(1);

  constructor(settings: Settings) {
    this.settings = settings;
  }

  onInput(input: Input, context: Context): void {
    if (input.type === "command") this.obey(input, context, context.parts!);
    else if (input.type === "configChanged" && input.path.startsWith("alerts.")) {
      this.settings = applySetting(this.settings, input.path, input.value);
      context.signal({ type: "allowed", timeUs: context.now, ...allowance(this.settings) });
    }
  }

  onAnnouncement({ event }: Announced, context: Context): void {
    const { kind, timeUs, group, channels, severity, detail } = event;
    const number = Number(detail["incident"]);
    if (kind === "incident.opened" || kind === "incident.grew")
      context.signal({ type: "incident", timeUs, number, group, channels, severity });
    else if (kind === "incident.closed" || kind === "incident.accepted")
      context.signal({ type: "incidentOver", timeUs, number });
    else if (kind === "actor.restarted" || kind === "actor.stopped")
      context.signal({ type: "incidentsForgotten", timeUs });
  }

  watches(group: string, what: "rows" | "measures", context: Context): boolean {
    this.tests ??= this.compile(context.parts!);
    if (this.tests.size === 0) return false;
    return (this.tests.get(group)?.[what].length ?? 0) > 0;
  }

  levels(group: string, context: Context): readonly Level[] {
    const declaration = context.parts!.declarationOf(group);
    return declaration === undefined
      ? []
      : this.testsOf(declaration, context).rows.filter(({ column, burn }) => column >= 0 && burn === null);
  }

  onRows(batch: Batch, group: Channels, context: Context): void {
    const { rows, rowValue, rowTime } = batch;
    const n = group.channels.length;
    for (const test of this.testsOf(group, context).rows)
      if (test.column >= 0) compare(test, rowValue, n, test.column, rowTime, rows, context.parts!);
  }

  onMeasures(measures: Measures, group: Channels, context: Context): void {
    for (const test of this.testsOf(group, context).measures) {
      const value = measures[test.measure];
      const signal = (signal: ThresholdSignal) => context.parts!.signalPart(test.id, signal);
      if (value === undefined) {
        const has = Object.keys(measures).join(", ");
        if (isUnseen(test)) signal({ type: "missing", timeUs: context.now, has });
        continue;
      }
      this.oneValue[0] = value;
      this.oneTime[0] = context.now;
      compare(test, this.oneValue, 1, 0, this.oneTime, 1, context.parts!);
    }
  }

  private compile(parts: PartsContext): Map<string, Tests> {
    return compiled(parts, (id, objective) => this.burns.of(id, objective));
  }

  private testsOf(group: Channels, context: Context): Tests {
    this.tests ??= this.compile(context.parts!);
    const tests = this.tests.get(group.group);
    if (tests === undefined) return NONE;
    if (tests.declaration === group) return tests;
    this.tests = this.compile(context.parts!);
    return this.tests.get(group.group)!;
  }

  // ---- commands -------------------------------------------------------------------------------------------------

  private obey({ name, body, author }: CommandInput, context: Context, parts: PartsContext): void {
    const { now: timeUs } = context;
    const by = author.name ?? author.id;
    const signal = (id: string, signal: ThresholdSignal) => parts.signalPart(id, signal);
    const { id } = body as { id: string };
    switch (name) {
      case "threshold.set":
        this.set(body as Threshold, by, context, parts);
        break;
      case "threshold.removed":
        this.remove(id, by, context, parts);
        break;
      case "alert.acknowledged":
        signal(id, { type: "acknowledged", timeUs, by, note: (body as { note: string }).note });
        break;
      case "alert.assigned":
        signal(id, { type: "assigned", timeUs, by, to: (body as { to: string }).to });
        break;
      case "alert.snoozed": {
        const { seconds } = body as { seconds: number };
        signal(id, { type: "snoozed", timeUs, by, untilUs: timeUs + Math.round(seconds * SECOND_US) });
        break;
      }
      default:
    }
  }

  private set(threshold: Threshold, by: string, context: Context, parts: PartsContext): void {
    const { now: timeUs } = context;
    const { id, of } = threshold;
    const known = parts.part(id);
    if (known !== undefined && sameThreshold((known.input as ThresholdInput).threshold, threshold)) return;
    if (known === undefined && [...parts.partKeys()].length >= MAX_THRESHOLDS) {
      const title = `${by} could not set threshold ${id}: there are ${MAX_THRESHOLDS} already`;
      context.signal(changed("threshold.refused", threshold, timeUs, title, by, "warning"));
      return;
    }
    parts.signalPart(id, { type: "withdrawn", timeUs, reason: "its threshold was set anew" });
    this.burns.forget(id);
    parts.addPart(id, { threshold, by, setUs: timeUs } satisfies ThresholdInput);
    this.tests = null;
    const missing = missingPart(threshold, parts.declarationOf(of.group));
    const unit = unitOf(threshold, parts.declarationOf(of.group));
    const title = `${by} set threshold ${id}, ${thresholdText(threshold, unit)}${missing === "" ? "" : `; it waits, because ${missing}`}`;
    context.signal(
      changed("threshold.set", threshold, timeUs, title, by, missing === "" ? "info" : "warning"),
    );
  }

  private remove(id: string, by: string, context: Context, parts: PartsContext): void {
    const known = parts.part(id);
    if (known === undefined) return;
    const { now: timeUs } = context;
    parts.signalPart(id, { type: "withdrawn", timeUs, reason: "its threshold was removed" });
    const { threshold } = known.input as ThresholdInput;
    this.burns.forget(id);
    parts.removePart(id);
    this.tests = null;
    context.signal(
      changed("threshold.removed", threshold, timeUs, `${by} removed threshold ${id}`, by, "info"),
    );
  }
}

/**
 * Compares values of one channel with the levels, in the order of their times, and signals what comes of it. Value r stands at
 * `values[r · stride + offset]`; NaN: none yet.
 */
function compare(
  test: Test,
  values: Float64Array,
  stride: number,
  offset: number,
  times: Float64Array,
  count: number,
  parts: PartsContext,
): void {
  const { id, part, sign, limit, clearLimit, dwellUs, burn, badSign, badLimit, label, unit } = test;
  for (let r = 0; r < count; r++) {
    const given = values[r * stride + offset]!;
    if (Number.isNaN(given)) continue;
    const timeUs = times[r]!;
    const value = burn === null ? given : burn.take(badSign * given > badLimit, timeUs);
    const signed = sign * value;
    if (part.value === "waiting") parts.signalPart(id, { type: "seen", timeUs });
    switch (part.value) {
      case "firing":
        if (signed <= clearLimit) parts.signalPart(id, { type: "back", timeUs, value, label, unit });
        break;
      case "pending":
        if (!(signed > limit)) parts.signalPart(id, { type: "back", timeUs, value, label, unit });
        else if (timeUs - (part.context as ThresholdContext).sinceUs! >= dwellUs)
          parts.signalPart(id, { type: "dwelt", timeUs, value, label, unit });
        break;
      default:
        if (signed > limit) parts.signalPart(id, { type: "beyond", timeUs, value, label, unit });
    }
  }
}

function compiled(
  parts: PartsContext,
  burnOf: (id: string, objective: Objective) => BurnRate,
): Map<string, Tests> {
  const tests = new Map<string, { declaration: Channels | undefined; rows: Test[]; measures: Test[] }>();
  for (const id of parts.partKeys()) {
    const part = parts.part(id)!;
    const { threshold } = part.input as ThresholdInput;
    const { of, direction, level, clearLevel, dwellSeconds, objective } = threshold;
    const declaration = parts.declarationOf(of.group);
    const group = tests.get(of.group) ?? { declaration, rows: [], measures: [] };
    tests.set(of.group, group);
    const sign = direction === "above" ? 1 : -1;
    const column = "channel" in of ? columnOf(declaration, of.channel) : -1;
    const channel = declaration?.channels[column];
    const test: Test = {
      id,
      part,
      column,
      measure: "measure" in of ? of.measure : "",
      sign: objective === undefined ? sign : 1,
      limit: objective?.burnRate ?? sign * level,
      clearLimit: objective?.burnRate ?? sign * clearLevel,
      dwellUs: dwellSeconds * SECOND_US,
      burn: objective === undefined ? null : burnOf(id, objective),
      badSign: sign,
      badLimit: sign * level,
      label:
        channel === undefined
          ? `${of.group}/${"measure" in of ? of.measure : of.channel}`
          : channel.title || channel.name,
      unit: objective === undefined ? (channel?.unit ?? "") : "",
    };
    ("channel" in of ? group.rows : group.measures).push(test);
  }
  return tests;
}

function columnOf(declaration: Channels | undefined, channel: string): number {
  return declaration?.channels.findIndex(({ name }) => name === channel) ?? -1;
}

function unitOf({ of }: Threshold, declaration: Channels | undefined): string {
  return "channel" in of ? (declaration?.channels[columnOf(declaration, of.channel)]?.unit ?? "") : "";
}

/** Why a threshold cannot be compared with anything yet, "" when it can. */
function missingPart({ of }: Threshold, declaration: Channels | undefined): string {
  if (declaration === undefined) return `there is no group ${of.group} yet`;
  if ("measure" in of || columnOf(declaration, of.channel) >= 0) return "";
  return `group ${of.group} has no channel ${of.channel} yet`;
}

function isUnseen({ part }: Test): boolean {
  return part.value === "waiting" && !(part.context as ThresholdContext).isReported;
}

/** Both come from the same schema, so their keys have the same order, but for those of defaults. */
function sameThreshold(a: Threshold, b: Threshold): boolean {
  return keyOf(a) === keyOf(b);
}

function keyOf({
  of,
  direction,
  level,
  clearLevel,
  objective,
  dwellSeconds,
  severity,
  title,
}: Threshold): string {
  const subject = "channel" in of ? of.channel : of.measure;
  const kind = "channel" in of ? "channel" : "measure";
  return JSON.stringify([
    of.group,
    kind,
    subject,
    direction,
    level,
    clearLevel,
    dwellSeconds,
    severity,
    title,
    objective === undefined ? [] : [objective.percent, objective.windowSeconds, objective.burnRate],
  ]);
}

function changed(
  kind: "threshold.set" | "threshold.removed" | "threshold.refused",
  { id, of }: Threshold,
  timeUs: number,
  title: string,
  by: string,
  severity: "info" | "warning",
): AlertsSignal {
  const channel = "channel" in of ? of.channel : "";
  return { type: "changed", timeUs, kind, id, group: of.group, channel, title, by, severity };
}
