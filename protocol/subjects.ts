/**
 * Subjects: the addresses of messages on the bus. Only this file builds and parses them.
 *
 *   ew.<session>.<partition>.<kind>[.<detail>]…
 *
 * Each part is a name, escaped to the letters, digits, `_` and `-` of ASCII: any other byte of its UTF-8 form becomes `%` and two upper-case
 * hexadecimal digits. No name can therefore add a `.`, `*`, `>` or space, and each name has one form.
 */
import { MalformedSubject, show } from "./errors.ts";
import { MAX_NAME_BYTES } from "./limits.ts";

/** First part of every subject. */
const SUBJECT_ROOT = "ew";

/** Kinds of subjects of a partition, and the details that follow. */
export const SUBJECT_KINDS = {
  /** Feed frames and declarations: source, group. */
  feed: "feed→core",
  /** Requests: messages of feeds that must arrive, and commands of the session's room: kind of feed or `commands`, source. */
  offer: "feed→core",
  /** Samples of any publisher, in JSON or as frames: source, group. The partition is `any`. */
  ingest: "feed→core",
  /** Requests: commands from a gateway, and edits of the shared document in its partition. */
  command: "gateway→core",
  /** Blocks, in the order of the log. */
  log: "runtime→journal",
  /** Events of the core about thresholds and alerts: kind of event. */
  event: "core→gateway",
  /** Published states: group. */
  state: "core→gateway",
  /** Gauges. */
  metrics: "core→gateway",
  /** Requests that the owner answers: how the partition stands. */
  status: "node→node",
  /** Who is at the shared document through which gateway. */
  presence: "node→node",
  /**
   * Of the first partition requests to enter scans into its log. The partition `any`: batches of scans, which any node may evaluate; with `answers` and a
   * gateway as details, requests that bring what came of them.
   */
  scan: "node→node",
  /** Changes of invitations and guests, in the order that counts. The partition is `any`. */
  grants: "node→node",
} as const;

export type SubjectKind = keyof typeof SUBJECT_KINDS;

export interface Subject {
  session: string;
  partition: string;
  kind: SubjectKind;
  /** Further parts: a source, a group. */
  details: readonly string[];
}

/** No subject has more; keeps its length under the 4,096 bytes of a NATS control line. */
const MAX_DETAILS = 4;

export function subjectOf(
  session: string,
  partition: string,
  kind: SubjectKind,
  ...details: string[]
): string {
  if (details.length > MAX_DETAILS) {
    throw new MalformedSubject("build subject", `${details.length} details`, `at most ${MAX_DETAILS}`);
  }
  return [SUBJECT_ROOT, ...[session, partition, kind, ...details].map(escapeName)].join(".");
}

/**
 * Patterns to subscribe with: an undefined part matches any name, and any details match. `>` of NATS matches at least one part, so there
 * are two patterns: `ew.s.*.*` and `ew.s.*.*.>`.
 */
export function subjectPatterns(
  session?: string,
  partition?: string,
  kind?: SubjectKind,
): [exact: string, withDetails: string] {
  const parts = [session, partition, kind].map((part) => (part === undefined ? "*" : escapeName(part)));
  const exact = [SUBJECT_ROOT, ...parts].join(".");
  return [exact, `${exact}.>`];
}

/** Parses a subject. Throws MalformedSubject for a text that `subjectOf` does not build. */
export function parseSubject(text: string): Subject {
  const [root, session, partition, kind, ...details] = text.split(".");
  if (root !== SUBJECT_ROOT || session === undefined || partition === undefined || kind === undefined) {
    throw new MalformedSubject("parse subject", show(text), "ew.<session>.<partition>.<kind>");
  }
  if (!Object.hasOwn(SUBJECT_KINDS, kind)) {
    throw new MalformedSubject("parse subject", `kind ${show(kind)}`, Object.keys(SUBJECT_KINDS).join(", "));
  }
  if (details.length > MAX_DETAILS) {
    throw new MalformedSubject("parse subject", `${details.length} details`, `at most ${MAX_DETAILS}`);
  }
  return {
    session: unescapeName(session),
    partition: unescapeName(partition),
    kind: kind as SubjectKind,
    details: details.map(unescapeName),
  };
}

const PLAIN = /^[A-Za-z0-9_-]$/;
/** Most names: they are their own escaped form. */
const PLAIN_NAME = /^[A-Za-z0-9_-]+$/;
const ESCAPED = /^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One name as one part of a subject (or of a file name). */
export function escapeName(name: string): string {
  if (isPlain(name)) return name;
  const bytes = encoder.encode(name);
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) {
    throw new MalformedSubject("escape name", show(name), `1 to MAX_NAME_BYTES (${MAX_NAME_BYTES}) bytes`);
  }
  // The encoder turns a lone surrogate into U+FFFD, so two names would have one form.
  if (/\p{Cs}/u.test(name)) throw new MalformedSubject("escape name", show(name), "well-formed Unicode");
  let escaped = "";
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte);
    escaped += PLAIN.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

/** The name of an escaped part. Throws MalformedSubject for a text that `escapeName` does not write. */
export function unescapeName(part: string): string {
  if (isPlain(part)) return part;
  if (!ESCAPED.test(part))
    throw new MalformedSubject("parse subject", show(part), "letters, digits, _, - and %XX");
  const bytes: number[] = [];
  for (let k = 0; k < part.length; k++) {
    const escaped = part[k] === "%";
    bytes.push(escaped ? Number.parseInt(part.slice(k + 1, k + 3), 16) : part.charCodeAt(k));
    if (escaped) k += 2;
  }
  let name: string;
  try {
    name = decoder.decode(Uint8Array.from(bytes));
  } catch (cause) {
    throw new MalformedSubject("parse subject", show(part), "UTF-8 in %XX", { cause });
  }
  if (escapeName(name) !== part) throw new MalformedSubject("parse subject", show(part), escapeName(name));
  return name;
}

function isPlain(name: string): boolean {
  return name.length <= MAX_NAME_BYTES && PLAIN_NAME.test(name);
}
