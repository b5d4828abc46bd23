/**
 * The score of a run of the detectors: its alarms and, where the truth is known, what they found, how late, and which were false.
 *
 *   truth      ├──onset────────end──┤····grace····│
 *   alarms                 ×                          ×
 *                          └ found, so late           └ false
 *
 * An alarm finds a truth of its detector and group that lasts, or that ended no longer than the grace ago; a truth of single channels is
 * found only by an alarm that names one of them. The delay is that of the first such alarm. An alarm that finds nothing is false. A truth
 * that began before the span does not count, but an alarm that finds it is not false.
 *
 * Simpler than the score of `bench detect` (sim/bench/detect/score.ts), which matches alarms and truths one to one: here one alarm may find
 * several truths, and repeated alarms are not counted.
 */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import type { Truth } from "../../worlds/model/scenario.ts";

/** Events that call for a person, and the detector that raised them. */
export const ALARMS: Readonly<Record<string, Truth["detectors"][number]>> = {
  "anomaly.started": "anomaly",
  "collapse.declared": "collapse",
};

export interface Score {
  alarms: number;
  alarmsPerDay: number;
  /** Null without a truth. */
  truth: TruthScore | null;
}

export interface TruthScore {
  truths: number;
  found: number;
  /** Share of the truths that were found; null when there were none. */
  recall: number | null;
  /** Median delay of those found, µs. */
  delayUs: number | null;
  falseAlarms: number;
  falseAlarmsPerDay: number;
}

const DAY_US = 86_400e6;

/** `detectors`: whose alarms count; `truths`: null when the truth is not known. */
export function scoreAlarms(
  events: readonly EventMessage[],
  truths: readonly Truth[] | null,
  detectors: readonly string[],
  span: { fromUs: number; untilUs: number; graceUs: number },
): Score {
  const days = Math.max(span.untilUs - span.fromUs, 1) / DAY_US;
  const alarms = events.filter(({ kind }) => detectors.includes(ALARMS[kind] ?? ""));
  return {
    alarms: alarms.length,
    alarmsPerDay: alarms.length / days,
    truth: truths && against(truths, alarms, detectors, span, days),
  };
}

function against(
  truths: readonly Truth[],
  alarms: readonly EventMessage[],
  detectors: readonly string[],
  { fromUs, untilUs, graceUs }: { fromUs: number; untilUs: number; graceUs: number },
  days: number,
): TruthScore {
  const meant = truths.filter((truth) => truth.detectors.some((detector) => detectors.includes(detector)));
  const right = new Set<EventMessage>();
  const delays: number[] = [];
  let counted = 0;
  for (const truth of meant) {
    const finding = alarms.filter((alarm) => finds(alarm, truth, graceUs));
    for (const alarm of finding) right.add(alarm);
    if (truth.onsetUs < fromUs || truth.onsetUs > untilUs) continue;
    counted++;
    if (finding.length > 0) delays.push(Math.min(...finding.map(({ timeUs }) => timeUs)) - truth.onsetUs);
  }
  delays.sort((a, b) => a - b);
  const falseAlarms = alarms.length - right.size;
  return {
    truths: counted,
    found: delays.length,
    recall: counted === 0 ? null : delays.length / counted,
    delayUs: delays.length === 0 ? null : delays[Math.floor((delays.length - 1) / 2)]!,
    falseAlarms,
    falseAlarmsPerDay: falseAlarms / days,
  };
}

function finds(alarm: EventMessage, truth: Truth, graceUs: number): boolean {
  const detector = ALARMS[alarm.kind]!;
  if (!truth.detectors.includes(detector) || alarm.group !== truth.group) return false;
  if (alarm.timeUs < truth.onsetUs || alarm.timeUs > Math.max(truth.endUs, truth.onsetUs) + graceUs)
    return false;
  // What moves together is the group's affair; what moves alone must be named.
  return detector === "collapse" || alarm.channels.some((name) => truth.channels.includes(name));
}

const truthSchema = v.object({
  kind: v.string(),
  detectors: v.array(v.picklist(["anomaly", "collapse"])),
  group: v.string(),
  channels: v.array(v.string()),
  onsetUs: v.pipe(v.number(), v.safeInteger()),
  endUs: v.pipe(v.number(), v.safeInteger()),
});

export async function readTruths(path: string): Promise<Truth[]> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new EigenwatchError({ action: `read --truth ${path}`, value: error.message });
  });
  const lines = text.split("\n");
  return lines.flatMap((line, i) => (line.trim() === "" ? [] : [truthOf(line, `${path} line ${i + 1}`)]));
}

function truthOf(line: string, where: string): Truth {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new EigenwatchError({
      action: `read ${where}`,
      value: "it is no JSON",
      expected: "one truth a line, as feed --truth writes it",
      kind: "input",
    });
  }
  const result = v.safeParse(truthSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new EigenwatchError({
    action: `read ${where}`,
    value: `${v.getDotPath(issue) ?? "it"} is ${issue.received}`,
    expected: issue.expected ?? "",
    kind: "input",
  });
}
