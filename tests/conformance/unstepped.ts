/**
 * What a program changed of the state of its actors without a step of a version, by a golden recording. A test refuses it (recorded.test.ts),
 * and so does the command that records a golden session again: what changed is never kept in silence.
 */
import { type CoreDefinitions, OtherActors } from "../../actors/core/mod.ts";
import { STATE_VERSION } from "../../actors/core/state-version.ts";
import { SYSTEM } from "../../actors/system.ts";
import { firstDifference, type RecordingDigest } from "./recorded-digest.ts";

export const ANEW =
  "then record a golden session: node --import tsx tests/conformance/recorded.write.ts session-N";
const STEP = `step \`version\` in its definition (actors/detectors/, for front ROWS_VERSION in rows/), ${ANEW}`;
export const STATE = `step STATE_VERSION (actors/core/state-version.ts), say in OLDER_STATES what of the older one is the same, ${ANEW}`;

/** Of what no actor has by itself; it has the state version. */
export const CORE = "core";

export interface Unstepped {
  /** Name of the actor, or `CORE`. */
  readonly actor: string;
  /** What is not as it was, and what to step. */
  readonly text: string;
}

/** The versions of a program. */
export interface ProgramVersions {
  readonly stateVersion: number;
  readonly definitions: CoreDefinitions;
}

const TODAY: ProgramVersions = { stateVersion: STATE_VERSION, definitions: SYSTEM };

/** `found`: what the program made of the recording of `golden`. What depends on an actor of another version (`OtherActors`) is not compared. */
export function unsteppedChanges(
  found: RecordingDigest,
  golden: RecordingDigest,
  program: ProgramVersions = TODAY,
): Unstepped[] {
  const others = new OtherActors(golden.versions, program.definitions);
  const isToday = golden.stateVersion === program.stateVersion && others.none;
  const actors = new Set([...Object.keys(golden.eventsOf), ...Object.keys(golden.stateOf)]);
  const changes = [...lowerVersions(golden, program, others)];
  for (const actor of actors)
    if (!others.has(actor)) changes.push(...changesOf(actor, found, golden, isToday));
  if (!others.none) return changes;
  const whole: [keyof RecordingDigest, text: string][] = [
    ["inputs", `other inputs are read: ${STATE}`],
    ["events", `the events are others, or have other numbers: ${STATE}`],
    ["states", `published states are others: ${STEP}`],
  ];
  if (isToday) whole.push(["finalHash", `the state is hashed otherwise: ${STATE}`]);
  for (const [part, text] of whole)
    if (!isSame(found[part], golden[part])) changes.push({ actor: CORE, text });
  return changes;
}

function lowerVersions(
  golden: RecordingDigest,
  { stateVersion }: ProgramVersions,
  { list }: OtherActors,
): Unstepped[] {
  const lower = list
    .filter(({ recorded, current }) => current !== null && recorded !== null && current < recorded)
    .map(({ actor, recorded, current }) => ({
      actor,
      text: `${actor} has version ${current}, was ${recorded}: ${STEP}`,
    }));
  if (stateVersion >= golden.stateVersion) return lower;
  const text = `the state has version ${stateVersion}, was ${golden.stateVersion}: ${STATE}`;
  return [...lower, { actor: CORE, text }];
}

function changesOf(
  actor: string,
  found: RecordingDigest,
  golden: RecordingDigest,
  isToday: boolean,
): Unstepped[] {
  const changes: Unstepped[] = [];
  if (!isSame(found.eventsOf[actor], golden.eventsOf[actor]))
    changes.push({ actor, text: `${actor} announces other events: ${STEP}` });
  // Its piece holds numbers that count the events of all.
  if (actor === CORE && !isToday) return changes;
  const advice = actor === CORE ? STATE : STEP;
  const after = golden.course === undefined ? null : firstDifference(found.course!, golden.course, actor);
  if (after !== null)
    changes.push({ actor, text: `${actor} keeps another state, after input ${after}: ${advice}` });
  else if (!isSame(found.stateOf[actor], golden.stateOf[actor]))
    changes.push({ actor, text: `${actor} keeps another state: ${advice}` });
  return changes;
}

/** Of digests and numbers. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
