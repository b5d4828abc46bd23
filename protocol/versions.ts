/**
 * Versions of the protocol, and how a message of an older one becomes one of today.
 *
 * A version is raised when a message changes so that an old reader would misunderstand it; a new row or a new optional field needs no new
 * version (readers keep unknown rows and drop unknown fields). Then the table below gets, per changed message, one step from that version
 * to the next. Steps are applied one after the other, so each is written once and never again touched.
 */
import { UnknownVersion } from "./errors.ts";

/** Written into every message. */
export const PROTOCOL_VERSION = 1;

/** A step: the body of version v as the body of version v + 1. The body is not checked yet: the schema of today does that after the last step. */
export type Upcaster = (body: unknown) => unknown;

/** from version → message name → step. A message without a step is the same in the next version. */
export type Upcasters = Readonly<Record<number, Readonly<Record<string, Upcaster>>>>;

const UPCASTERS: Upcasters = {};

/** What a reader speaks; only tests use another one than CURRENT. */
export interface Reader {
  readonly version: number;
  readonly upcasters: Upcasters;
}

export const CURRENT: Reader = { version: PROTOCOL_VERSION, upcasters: UPCASTERS };

/** Takes a body from `from` to the reader's version. */
export function upcast(name: string, body: unknown, from: number, reader: Reader): unknown {
  for (let version = from; version < reader.version; version++) {
    const step = reader.upcasters[version]?.[name];
    if (step !== undefined) body = step(body);
  }
  return body;
}

/** Refuses what a newer program wrote: guessing at its meaning would be worse than stopping. */
export function checkVersion(version: number, reader: Reader): void {
  if (version >= 1 && version <= reader.version) return;
  throw new UnknownVersion(
    "decode message",
    `protocol version ${version}`,
    reader.version === 1 ? "version 1" : `versions 1 to ${reader.version}`,
  );
}
