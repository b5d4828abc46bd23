import { commandOf } from "../../../collab/rooms/forwarder.ts";
import { loggedBody } from "../../../protocol/commands.ts";
import type { CommandInput } from "../../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import type { StoredLogs } from "./admitted-log.ts";
import type { Checker } from "./checker.ts";
import { ordered } from "./document-text.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedInput } from "./reference-replay.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/** What people change in the shared document, computed again from its log, is in the log of each partition once and in that order. */
export function documentCommands(stored: StoredLogs): Checker {
  const taken = new Map<string, string[]>();
  return {
    name: "document-commands",
    rule: "commands that follow from the shared document are in the log of each partition, once and in order",
    observes: [],
    replayed({ partition, input }: ReplayedInput) {
      if (input.type !== "command" || input.source !== "room") return null;
      taken.set(partition, [...(taken.get(partition) ?? []), textOf(input)]);
      return null;
    },
    finish({ healed }: WorldEnd, { partitions }: ReplayedLogs) {
      const room = partitions.get(ROOM_PARTITION);
      if (room === undefined || !healed || stored.lossy.size > 0) return null;
      const expected = room.events.map(commandOf).filter((command) => command !== null);
      for (const partition of partitions.keys()) {
        if (partition === ROOM_PARTITION) continue;
        const found = taken.get(partition) ?? [];
        const at = expected.findIndex((command, k) => textOf(command) !== found[k]);
        const what = `command ${at + 1} of ${found.length} of the shared document in ${partition}`;
        if (at >= 0) return `${what} is ${found[at] ?? "not there"}; expected ${textOf(expected[at]!)}`;
        if (found.length > expected.length)
          return `${partition} has ${found.length} commands of the shared document; expected ${expected.length}`;
      }
      return null;
    },
  };
}

/** With what the log adds where nothing is said. */
function textOf({ name, body, author }: Pick<CommandInput, "name" | "body" | "author">): string {
  return JSON.stringify([name, author.id, ordered(loggedBody(name, body))]);
}
