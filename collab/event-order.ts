/** The order in which everybody shows the events of several partitions. Their sequences are of one partition each. */
import type { EventMessage } from "../protocol/messages.ts";

/** By time, then partition (by UTF-16), then sequence: total, and within a partition the order of its sequences. */
export function eventOrder(a: EventMessage, b: EventMessage): number {
  if (a.timeUs !== b.timeUs) return a.timeUs - b.timeUs;
  const [of, other] = [partitionOfEvent(a), partitionOfEvent(b)];
  if (of !== other) return of < other ? -1 : 1;
  return a.sequence - b.sequence;
}

/** The partition that an event's id begins with: `partition/input/k`. The name of a partition may contain slashes. */
export function partitionOfEvent({ id }: Pick<EventMessage, "id">): string {
  return id.split("/").slice(0, -2).join("/");
}
