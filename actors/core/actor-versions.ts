/**
 * Versions of actors, as recordings name them, and what two programs have in common.
 *
 *   sessionOpened.versions  { "actor/collapse": "2", … }  ──with the table of this program──► OtherActors: those that cannot be compared
 *
 * A1  An actor is compared when recording and program have it in the same version.
 * A2  Actors of groups read rows: with another version of the row assembler none of them can be compared.
 * A3  Listening actors, and those that watch groups, depend on the actors of groups: with another version of one of those they cannot be
 *     compared either.
 */
import { ROWS_VERSION } from "../detectors/rows/row-assembler.ts";
import { ASSEMBLER, type CoreDefinitions } from "./groups.ts";

const PREFIX = "actor/";

/** An actor of which the recording has another version than the program. */
export interface OtherActor {
  readonly actor: string;
  /** Null: it does not have the actor. */
  readonly recorded: number | null;
  readonly current: number | null;
}

/** The versions of a program's actors, for `sessionOpened`. */
export function actorVersions(definitions: CoreDefinitions): Record<string, string> {
  const entries = [...versionsOf(definitions)].map(([actor, version]) => [PREFIX + actor, String(version)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** What cannot be compared in a session that was recorded with these versions. */
export class OtherActors {
  readonly list: readonly OtherActor[];
  private readonly names: ReadonlySet<string>;

  constructor(recorded: Readonly<Record<string, string>>, definitions: CoreDefinitions) {
    const current = versionsOf(definitions);
    const before = recordedVersions(recorded) ?? new Map([...current.keys()].map((actor) => [actor, 1]));
    this.list = [...new Set([...current.keys(), ...before.keys()])]
      .map((actor) => ({
        actor,
        recorded: before.get(actor) ?? null,
        current: current.get(actor) ?? null,
      }))
      .filter((each) => each.recorded !== each.current);
    const names = this.list.map(({ actor }) => actor);
    if (names.includes(ASSEMBLER)) names.push(...definitions.group.map(({ name }) => name));
    if (definitions.group.some(({ name }) => names.includes(name)))
      names.push(
        ...definitions.session
          .filter(({ listens, follows }) => listens === true || follows !== undefined)
          .map(({ name }) => name),
      );
    this.names = new Set(names);
  }

  /** True when every actor can be compared. */
  get none(): boolean {
    return this.names.size === 0;
  }

  /** Whether an actor cannot be compared. `name` as in events ("collapse"), or of a piece of state ("walk/collapse"). */
  has(name: string): boolean {
    return this.names.has(name.slice(name.lastIndexOf("/") + 1));
  }
}

/** Whether two sessions, by their `sessionOpened.versions`, had the same actors. */
export function haveSameActors(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = [...Object.keys(one), ...Object.keys(other)].filter((name) => name.startsWith(PREFIX));
  return names.every((name) => one[name] === other[name]);
}

function versionsOf({ group, session }: CoreDefinitions): Map<string, number> {
  const actors = [...group, ...session].map(({ name, version }) => [name, version] as const);
  return new Map([[ASSEMBLER, ROWS_VERSION], ...actors]);
}

/** Undefined when none is named: before recordings named actors, each had version 1. */
function recordedVersions(versions: Readonly<Record<string, string>>): Map<string, number> | undefined {
  const named = Object.entries(versions).filter(([key]) => key.startsWith(PREFIX));
  if (named.length === 0) return undefined;
  return new Map(named.map(([key, version]) => [key.slice(PREFIX.length), Number(version)]));
}
