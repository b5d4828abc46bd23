/** What carries out the pushes of programs: a feed of the partition, which runs from the first push on. A session without pushes is as if there were none. */
import { type Partition, PushedFeed } from "../../actors/mod.ts";
import type { CommandHandlers } from "../../actors/ports/commands.ts";

export function pushCommands(
  partition: Partition,
): Pick<Required<CommandHandlers>, "pushSamples" | "readPushed"> {
  const pushed = new PushedFeed({ log: partition.core, durable: () => partition.whenTaken() });
  return {
    pushSamples: (push, { author }) => {
      if (!pushed.runs) partition.startFeeds([pushed]);
      return pushed.take(push, author);
    },
    readPushed: ({ source, group }) => pushed.placeOf(source, group),
  };
}
