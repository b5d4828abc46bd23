/**
 * The incidents of a session compared with what was done to its machine.
 *
 *   phase   ├─────────┤     counted: every incident that opened in it
 *   fault        ├─onset──end─┤ rest │     found: the first incident that opened or grew from onset to its end; in time within `withinSeconds`
 *
 * Incidents that opened after a fault's end and before the next onset are counted as its after-effects.
 */
import { openRecording, SYSTEM } from "../../../actors/mod.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { replay } from "../../recordings/replay/replay.ts";
import type { FaultRun, Phase, Timeline } from "./session.ts";

const SECOND_US = 1_000_000;

export interface PhaseScore {
  readonly phase: string;
  readonly minutes: number;
  readonly incidents: number;
  /** Titles of them. */
  readonly titles: readonly string[];
  readonly heldBack: number;
  /** Findings of detectors: the evidence, not alarms. */
  readonly findings: number;
}

export interface FaultScore {
  readonly fault: string;
  readonly refused: string | null;
  /** "opened"; "grew": an earlier incident took it in; "late"; "held back"; "missed". */
  readonly found: "opened" | "grew" | "late" | "held back" | "missed" | "not run";
  readonly delaySeconds: number | null;
  readonly withinSeconds: number;
  /** Channels of the incident, largest contribution first. */
  readonly channels: readonly string[];
  readonly isRightFirst: boolean;
  /** Incidents that opened after its end. */
  readonly afterEffects: number;
}

/** The events that the program of today derives from a recording: the same that the live session announced, for the same version. */
export async function eventsOf(recording: string): Promise<EventMessage[]> {
  const journal = await openRecording(recording);
  const events: EventMessage[] = [];
  try {
    await replay(journal, SYSTEM, { event: (event) => void events.push(event) });
  } finally {
    await journal.close();
  }
  return events;
}

export function scorePhase({ name, fromUs, toUs }: Phase, events: readonly EventMessage[]): PhaseScore {
  const inside = events.filter(({ timeUs }) => timeUs >= fromUs && timeUs < toUs);
  const opened = inside.filter(({ kind }) => kind === "incident.opened");
  return {
    phase: name,
    minutes: (toUs - fromUs) / (60 * SECOND_US),
    incidents: opened.length,
    titles: opened.map(({ title }) => title),
    heldBack: inside.filter(({ kind }) => kind === "incident.held-back").length,
    findings: inside.filter(({ kind }) => FINDINGS.has(kind)).length,
  };
}

/** Kinds by which detectors begin a finding. */
const FINDINGS: ReadonlySet<string> = new Set([
  "anomaly.started",
  "collapse.declared",
  "change.declared",
  "arrival.silent",
]);

export function scoreFaults({ faults }: Timeline, events: readonly EventMessage[]): FaultScore[] {
  return faults.map((fault, k) =>
    scoreFault(fault, faults[k + 1]?.onsetUs ?? Number.POSITIVE_INFINITY, events),
  );
}

function scoreFault(fault: FaultRun, nextUs: number, events: readonly EventMessage[]): FaultScore {
  const { name, channels, onsetUs, endUs, withinSeconds, refused } = fault;
  const during = events.filter(({ timeUs }) => timeUs >= onsetUs && timeUs < endUs);
  const hit =
    during.find(({ kind }) => kind === "incident.opened") ??
    during.find(({ kind }) => kind === "incident.grew");
  const held = during.find(({ kind }) => kind === "incident.held-back");
  const said = hit ?? held;
  const delaySeconds = said === undefined ? null : (said.timeUs - onsetUs) / SECOND_US;
  return {
    fault: name,
    refused,
    found: refused !== null ? "not run" : outcome(hit, held, delaySeconds, withinSeconds),
    delaySeconds,
    withinSeconds,
    channels: said?.channels ?? [],
    isRightFirst: channels.some((right) => said?.channels[0]?.startsWith(right) ?? false),
    afterEffects: events.filter(
      ({ kind, timeUs }) => kind === "incident.opened" && timeUs >= endUs && timeUs < nextUs,
    ).length,
  };
}

function outcome(
  hit: EventMessage | undefined,
  held: EventMessage | undefined,
  delaySeconds: number | null,
  withinSeconds: number,
): FaultScore["found"] {
  if (hit === undefined) return held === undefined ? "missed" : "held back";
  if (delaySeconds! > withinSeconds) return "late";
  return hit.kind === "incident.opened" ? "opened" : "grew";
}
