/**
 * Alarms of a detector compared with known truths: hits, repetitions, false alarms.
 *
 *   truth    ├──onset─────end──┤ allowed │        an alarm at t is inside when onset ≤ t ≤ end + allowed
 *   alarms        ●      ○             ●     ○
 *               hit   repeat         repeat  false
 *
 * D1  An alarm matches a truth when it is inside the window, belongs to the truth's group and, for anomalies and changes, names one of its
 *     channels. The truth must be meant for the detector: by its label, for coherence and changes by its kind. Every truth is meant for
 *     incidents.
 * D2  One to one: an alarm hits at most one truth, and a truth is hit at most once. In order of time each alarm takes, of the matching
 *     truths without a hit, the one whose window ends first: no assignment has more hits.
 * D3  An alarm that matches only truths with a hit is a repetition: neither right nor wrong.
 * D4  An alarm that matches no truth, but is inside a truth of its group that is meant for another detector, is unrelated: something did
 *     happen. Every other alarm is false, including one that names the wrong channel.
 * D5  recall = hits / truths, precision = hits / (hits + false), delay = alarm − onset of hits.
 *
 * The time of an alarm is that of the deciding row (`atUs`), or of its input if an event has none.
 *
 * A what-if is scored by simpler rules (sim/recordings/whatif/alarm-score.ts): it compares two settings on a span of one recording, where
 * one alarm may find several truths.
 */
import type { EventMessage } from "../../../protocol/messages.ts";
import type { Truth } from "../../worlds/model/scenario.ts";

export const DETECTORS = ["anomaly", "collapse", "changes", "coherence", "trajectory", "incidents"] as const;
export type DetectorName = (typeof DETECTORS)[number];

/** Those that run unless settings say otherwise. Changes have suites of their own. */
export const DEFAULT_DETECTORS = DETECTORS.filter((name) => name !== "changes");

const ALARMS: Readonly<Record<string, DetectorName>> = {
  "anomaly.started": "anomaly",
  "collapse.declared": "collapse",
  "change.declared": "changes",
  "coherence.lost": "coherence",
  "coherence.regained": "coherence",
  "trajectory.jumped": "trajectory",
  "incident.opened": "incidents",
};

/** Detectors whose truths are known by their kinds. Coherence: how much channels move together. Changes: levels and slopes. */
const KINDS: Readonly<Partial<Record<DetectorName, ReadonlySet<string>>>> = {
  coherence: new Set(["decoherence", "pointerCollapse", "stress"]),
  changes: new Set(["levelShift", "drift"]),
};

export interface Alarm {
  readonly detector: DetectorName;
  readonly timeUs: number;
  readonly group: string;
  readonly channels: readonly string[];
  /** False if the detector reported that the data void its promised rate. */
  readonly promised: boolean;
  /** Of an incident, in [0, 1]. */
  readonly priority?: number;
}

export interface Tally {
  truths: number;
  hits: number;
  repeats: number;
  unrelated: number;
  false: number;
  delaysUs: number[];
  /** Alarms with a priority: how high it is, and whether something was there to be found, once or again. */
  ranked?: { priority: number; isRight: boolean }[];
}

/** The event as an alarm, or null: ends, warm-ups and other events are no alarms. */
export function alarmOf({ kind, timeUs, group, channels, detail }: EventMessage): Alarm | null {
  const detector = Object.hasOwn(ALARMS, kind) ? ALARMS[kind] : undefined;
  if (detector === undefined) return null;
  const atUs = detail["atUs"];
  const { priority, guarantee = "holds" } = detail;
  return {
    detector,
    timeUs: typeof atUs === "number" ? atUs : timeUs,
    group,
    channels,
    promised: guarantee === "holds",
    ...(typeof priority === "number" ? { priority } : {}),
  };
}

export function isMeantFor(detector: DetectorName, { kind, detectors }: Truth): boolean {
  if (detector === "incidents") return true;
  return KINDS[detector]?.has(kind) ?? detectors.some((name) => name === detector);
}

/** Ignores alarms of other detectors. O(alarms × truths). */
export function score(
  detector: DetectorName,
  truths: readonly Truth[],
  alarms: readonly Alarm[],
  allowedUs: number,
): Tally {
  const meant = truths.filter((truth) => isMeantFor(detector, truth));
  const others = truths.filter((truth) => !isMeantFor(detector, truth));
  const open = new Set([...meant].sort((a, b) => a.endUs - b.endUs));
  const tally: Tally = { truths: meant.length, hits: 0, repeats: 0, unrelated: 0, false: 0, delaysUs: [] };
  const inOrder = alarms.filter((alarm) => alarm.detector === detector).sort((a, b) => a.timeUs - b.timeUs);
  for (const alarm of inOrder) {
    const matches = (truth: Truth) => isInside(alarm, truth, allowedUs) && namesOneOf(alarm, truth);
    const hit = [...open].find(matches);
    if (hit !== undefined) {
      open.delete(hit);
      tally.hits++;
      tally.delaysUs.push(alarm.timeUs - hit.onsetUs);
    } else if (meant.some(matches)) tally.repeats++;
    else if (others.some((truth) => isInside(alarm, truth, allowedUs))) tally.unrelated++;
    else tally.false++;
  }
  const ranked = inOrder.flatMap((alarm) => {
    const isRight = meant.some((truth) => isInside(alarm, truth, allowedUs) && namesOneOf(alarm, truth));
    return alarm.priority === undefined ? [] : [{ priority: alarm.priority, isRight }];
  });
  if (ranked.length > 0) tally.ranked = ranked;
  return tally;
}

function isInside(alarm: Alarm, truth: Truth, allowedUs: number): boolean {
  return (
    alarm.group === truth.group && alarm.timeUs >= truth.onsetUs && alarm.timeUs <= truth.endUs + allowedUs
  );
}

/** Anomalies and changes concern single channels; all other alarms concern their group. */
function namesOneOf({ detector, channels }: Alarm, truth: Truth): boolean {
  const ofChannels = detector === "anomaly" || detector === "changes";
  return !ofChannels || channels.some((name) => truth.channels.includes(name));
}
