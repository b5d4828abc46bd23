/**
 * Events of a detector against what truly happened: hits, repetitions, false alarms.
 *
 *   truth    ├──onset─────end──┤ allowed │        an alarm at t is inside when onset ≤ t ≤ end + allowed
 *   alarms        ●      ○             ●     ○
 *               hit   repeat         repeat  false
 *
 * D1  An alarm is right for a truth when it is inside, of the truth's group, and, of the anomaly detector, names one of its channels.
 *     The truth must be meant for the detector: by its label, for coherence by its kind.
 * D2  One to one: an alarm hits at most one truth and a truth is hit at most once. Alarms in order of time take, of the truths
 *     they are right for and that were not hit, the one whose window ends first: no matching has more hits.
 * D3  An alarm that is right only for truths that were hit already is a repetition: neither right nor wrong.
 * D4  An alarm that is right for none, but inside a truth of its group that is not meant for the detector, is beside the point: something
 *     did happen. Every other alarm is false, also one that names the wrong channel.
 * D5  recall = hits / truths, precision = hits / (hits + false), delay = alarm − onset of hits.
 *
 * The time of an alarm is that of the row that decided (`atUs`), or of its input where an event has none.
 */
import type { EventMessage } from "../../../protocol/messages.ts";
import type { Truth } from "../../worlds/model/scenario.ts";

export const DETECTORS = ["anomaly", "collapse", "coherence", "trajectory"] as const;
export type DetectorName = (typeof DETECTORS)[number];

const ALARMS: Readonly<Record<string, DetectorName>> = {
  "anomaly.started": "anomaly",
  "collapse.declared": "collapse",
  "coherence.lost": "coherence",
  "coherence.regained": "coherence",
  "trajectory.jumped": "trajectory",
};

/** What changes how much channels move together, and so is the coherence estimate's business. */
const OF_COHERENCE: ReadonlySet<string> = new Set(["decoherence", "pointerCollapse", "stress"]);

export interface Alarm {
  readonly detector: DetectorName;
  readonly timeUs: number;
  readonly group: string;
  readonly channels: readonly string[];
  /** False where the detector itself said that the data void its promise of a rate. */
  readonly promised: boolean;
}

export interface Tally {
  truths: number;
  hits: number;
  repeats: number;
  beside: number;
  false: number;
  delaysUs: number[];
}

/** The alarm that an event is, or null: ends, warm-ups and the rest are none. */
export function alarmOf({ kind, timeUs, group, channels, detail }: EventMessage): Alarm | null {
  const detector = Object.hasOwn(ALARMS, kind) ? ALARMS[kind] : undefined;
  if (detector === undefined) return null;
  const atUs = detail["atUs"];
  const promised = detail["guarantee"] !== "void";
  return { detector, timeUs: typeof atUs === "number" ? atUs : timeUs, group, channels, promised };
}

export function isMeantFor(detector: DetectorName, { kind, detectors }: Truth): boolean {
  return detector === "coherence" ? OF_COHERENCE.has(kind) : detectors.includes(detector);
}

/** Alarms of other detectors are left out. O(alarms × truths). */
export function score(
  detector: DetectorName,
  truths: readonly Truth[],
  alarms: readonly Alarm[],
  allowedUs: number,
): Tally {
  const meant = truths.filter((truth) => isMeantFor(detector, truth));
  const others = truths.filter((truth) => !isMeantFor(detector, truth));
  const open = new Set([...meant].sort((a, b) => a.endUs - b.endUs));
  const tally: Tally = { truths: meant.length, hits: 0, repeats: 0, beside: 0, false: 0, delaysUs: [] };
  const inOrder = alarms.filter((alarm) => alarm.detector === detector).sort((a, b) => a.timeUs - b.timeUs);
  for (const alarm of inOrder) {
    const isRight = (truth: Truth) => isInside(alarm, truth, allowedUs) && namesOneOf(alarm, truth);
    const hit = [...open].find(isRight);
    if (hit !== undefined) {
      open.delete(hit);
      tally.hits++;
      tally.delaysUs.push(alarm.timeUs - hit.onsetUs);
    } else if (meant.some(isRight)) tally.repeats++;
    else if (others.some((truth) => isInside(alarm, truth, allowedUs))) tally.beside++;
    else tally.false++;
  }
  return tally;
}

function isInside(alarm: Alarm, truth: Truth, allowedUs: number): boolean {
  return (
    alarm.group === truth.group && alarm.timeUs >= truth.onsetUs && alarm.timeUs <= truth.endUs + allowedUs
  );
}

/** Only anomalies are of single channels; the others are of their group. */
function namesOneOf(alarm: Alarm, truth: Truth): boolean {
  return alarm.detector !== "anomaly" || alarm.channels.some((name) => truth.channels.includes(name));
}
