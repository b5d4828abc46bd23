/**
 * The room of a session: people's edits, as commands.
 *
 *   open ──changed──► open: each is announced
 *
 * R1  Every change that stays in the document is announced once, with its author.
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";

/** An entry is another one, or was put back. A signal holds plain values only: the detail is JSON. */
interface Changed extends Signal, Pick<Announcement, "kind" | "severity" | "title"> {
  readonly type: "changed";
  readonly detail: string;
}

export const roomMachine = setup({
  types: { events: {} as Changed },
  actions: actorActions,
}).createMachine({
  id: "room",
  initial: "open",
  states: {
    open: { on: { changed: { actions: announces(announcement) } } as const satisfies CompleteRow<Changed> },
  },
});

function announcement({ kind, severity, title, detail }: Changed): Announcement {
  return { kind, severity, title, detail: JSON.parse(detail) as NonNullable<Announcement["detail"]> };
}
