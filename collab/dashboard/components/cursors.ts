/** Cursors of other people on all charts, in the colours of the theme. */
import { effect } from "@preact/signals";
import type { OtherCursor } from "../../charts/time-chart.ts";
import { colourOf } from "../model/people.ts";
import type { Presence } from "../model/presence.ts";
import type { View } from "../model/view.ts";
import { theme } from "../theme/theme.ts";

/** Charts draw when the array is another one: that of before stays while nobody moves. */
export function showCursors(presence: Presence, view: View): void {
  effect(() => {
    const { lines, accent } = theme.value;
    const cursors: OtherCursor[] = presence.others.value.flatMap(({ id, name, shown }) =>
      shown === null || shown.cursorUs === null
        ? []
        : [{ timeUs: shown.cursorUs, name, colour: lines[colourOf(id, lines.length)] ?? accent }],
    );
    if (JSON.stringify(cursors) !== JSON.stringify(view.others.peek())) view.others.value = cursors;
  });
}
