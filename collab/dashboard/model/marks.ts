/** What is known of marked events, from the events of the session: by type, how many were measured and what came of them. */
import type { EventMessage } from "../../../protocol/messages.ts";

export interface MarkedType {
  readonly type: string;
  readonly measured: number;
  /** Of the newest one that was measured: distance of the states, p-value (null: not known yet), placebo times. */
  readonly distance: number;
  readonly p: number | null;
  readonly placebos: number;
  /** Its events go together with another state. */
  readonly isFound: boolean;
}

/** Of a group, by type, the newest first. `events`: the newest first. */
export function markedTypes(events: readonly EventMessage[], group: string): MarkedType[] {
  const types = new Map<string, MarkedType>();
  for (const event of events) {
    if (event.group !== group || !(event.kind === "effect.measured" || event.kind === "effect.found"))
      continue;
    const { mark, distance, p, placebos } = event.detail;
    const type = String(mark);
    const known = types.get(type) ?? {
      type,
      measured: 0,
      distance: Number(distance),
      p: null,
      placebos: 0,
      isFound: false,
    };
    if (event.kind === "effect.found") types.set(type, { ...known, isFound: true });
    else
      types.set(type, {
        ...known,
        measured: known.measured + 1,
        ...(known.measured > 0
          ? {}
          : { distance: Number(distance), p: typeof p === "number" ? p : null, placebos: Number(placebos) }),
      });
  }
  return [...types.values()];
}
