/**
 * Versions of the protocol, and the steps from the body of an older version to the current one.
 *
 * The version is raised when a message changes so that an old reader would misunderstand it. A new row or optional field needs no new version:
 * readers keep unknown messages and drop unknown fields. With a new version, the table below gets one step per changed message, from the
 * previous version to the new one. Steps are applied in order, so a step never changes once it is written.
 */
import { UnknownVersion } from "./errors.ts";

/** Written into every message. */
export const PROTOCOL_VERSION = 1;

/** A step from the body of version v to that of version v + 1. The body is unchecked: the current schema checks it after the last step. */
export type Upcaster = (body: unknown) => unknown;

/** Old version → message name → step. A message without a step does not change. */
export type Upcasters = Readonly<Record<number, Readonly<Record<string, Upcaster>>>>;

const UPCASTERS: Upcasters = {};

/** What a reader understands. Only tests use another reader than CURRENT. */
export interface Reader {
  readonly version: number;
  readonly upcasters: Upcasters;
}

export const CURRENT: Reader = { version: PROTOCOL_VERSION, upcasters: UPCASTERS };

/** The body of version `from` as a body of the reader's version. */
export function upcast(name: string, body: unknown, from: number, reader: Reader): unknown {
  for (let version = from; version < reader.version; version++) {
    const step = reader.upcasters[version]?.[name];
    if (step !== undefined) body = step(body);
  }
  return body;
}

/** Refuses messages of a newer version: to guess their meaning would be worse than to stop. */
export function checkVersion(version: number, reader: Reader): void {
  if (version >= 1 && version <= reader.version) return;
  throw new UnknownVersion(
    "decode message",
    `protocol version ${version}`,
    reader.version === 1 ? "version 1" : `versions 1 to ${reader.version}`,
  );
}
