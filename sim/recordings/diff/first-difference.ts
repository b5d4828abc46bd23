/** A difference between two recordings at one input: of the input itself, of an event, or of a state hash. */

import { decodeMessage } from "../../../protocol/codec.ts";
import type { Checkpoint } from "../../../protocol/messages.ts";
import { differingFields, type FieldDifference } from "./differing-fields.ts";
import { inputOf, type NotedEvent, type ReadInput } from "./recording-reader.ts";

export interface FirstDifference {
  what: "input" | "event" | "state" | "end";
  /** Input at which it shows, and its time. */
  sequence: number;
  timeUs: number;
  /** Block that it is in, of each; null where there is none. */
  block: { a: number | null; b: number | null };
  /** Kind of the input or event; actor and field of a state. */
  subject: { a: string; b: string };
  fields: FieldDifference[];
}

export function differenceOfInputs(
  x: ReadInput,
  y: ReadInput,
  blockA: number,
  blockB: number,
): FirstDifference {
  const [one, other] = [decodeMessage(x.message), decodeMessage(y.message)];
  const fields = one.type === other.type ? differingFields(one, other) : [];
  if (x.timeUs !== y.timeUs) fields.unshift({ path: "(logical time, µs)", a: x.timeUs, b: y.timeUs });
  return {
    what: "input",
    sequence: x.sequence,
    timeUs: Math.min(x.timeUs, y.timeUs),
    block: { a: blockA, b: blockB },
    subject: { a: one.type, b: other.type },
    fields,
  };
}

export function differenceOfEvents(
  a: NotedEvent | undefined,
  b: NotedEvent | undefined,
  fields: FieldDifference[],
): FirstDifference {
  const { event } = a && b ? (inputOf(a.event) <= inputOf(b.event) ? a : b) : (a ?? b)!;
  const name = (noted: NotedEvent | undefined) =>
    noted ? `${noted.event.actor} ${noted.event.kind}` : "no event";
  return {
    what: "event",
    sequence: inputOf(event),
    timeUs: event.timeUs,
    block: { a: a?.block ?? null, b: b?.block ?? null },
    subject: { a: name(a), b: name(b) },
    fields,
  };
}

export function differenceOfStates(a: Checkpoint, b: Checkpoint): FirstDifference {
  const key = ({ actor, field }: Checkpoint["parts"][number]) => `${actor} ${field}`;
  const partsOf = ({ parts }: Checkpoint) =>
    new Map(parts.map((part) => [key(part), Buffer.from(part.hash).toString("hex")]));
  const [one, other] = [partsOf(a), partsOf(b)];
  const name = [...new Set([...one.keys(), ...other.keys()])].find(
    (part) => one.get(part) !== other.get(part),
  );
  const subject = name ?? "the core";
  return {
    what: "state",
    sequence: a.sequence,
    timeUs: a.timeUs,
    block: { a: a.block, b: b.block },
    subject: { a: subject, b: subject },
    fields: name === undefined ? [] : [{ path: "hash", a: one.get(name), b: other.get(name) }],
  };
}

export function earlier(a: FirstDifference | null, b: FirstDifference | null): FirstDifference | null {
  if (a === null || b === null) return a ?? b;
  return b.sequence < a.sequence ? b : a;
}
