/**
 * Versions of actors, as recordings name them, and what two programs have in common.
 *
 *   sessionOpened.versions  { "actor/collapse": "2", … }  ──with the table of this program──► OtherActors: those that cannot be compared
 *
 * A1  An actor is compared when recording and program have it in the same version.
 * A2  Actors of groups read rows: with another version of the row assembler none of them can be compared.
 * A3  Listening actors, and those that watch groups, depend on the actors of groups: with another version of one of those they cannot be
 *     compared either.
 * A4  An actor of somebody else, which came from a file, is known by the hash of that file: the versions name it as file/mine, and what has another
 *     file, or none, does not run the session at all. A recording without it is run with it: that is how it is tried out.
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import { ROWS_VERSION } from "../detectors/rows/row-assembler.ts";
import { ASSEMBLER, type CoreDefinitions } from "./groups.ts";

const PREFIX = "actor/";
/** Of the file of an actor: its hash, then its name. */
const FILE_PREFIX = "file/";

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
  const files = definitions.group.flatMap(({ name, file }) =>
    file === undefined ? [] : [[FILE_PREFIX + name, `${file.sha256} ${file.name}`]],
  );
  return Object.fromEntries([...entries, ...files]) as Record<string, string>;
}

/** A session has an actor from a file that the program does not have, or has otherwise. */
export class OtherActorFile extends EigenwatchError {
  override readonly name = "OtherActorFile";
}

/** A4. Throws OtherActorFile. */
export function checkActorFiles(
  recorded: Readonly<Record<string, string>>,
  { group }: CoreDefinitions,
): void {
  for (const [key, value] of Object.entries(recorded)) {
    if (!key.startsWith(FILE_PREFIX)) continue;
    const actor = key.slice(FILE_PREFIX.length);
    const [sha256 = "", ...rest] = value.split(" ");
    const name = rest.join(" ");
    const file = group.find((each) => each.name === actor)?.file;
    if (file?.sha256 === sha256) continue;
    const found =
      file === undefined ? "no --actor gives it" : `${file.name} that is given has ${file.sha256}`;
    throw new OtherActorFile({
      action: `run the actor ${actor} of this recording`,
      value: `it is that of ${name} with SHA-256 ${sha256}, and ${found}`,
      expected: `--actor ${name} as it was then, or a new recording`,
    });
  }
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
  const names = [...Object.keys(one), ...Object.keys(other)].filter(
    (name) => name.startsWith(PREFIX) || name.startsWith(FILE_PREFIX),
  );
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
