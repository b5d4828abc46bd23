/** A partition that runs in this process, as it takes the commands of a room (forwarder.ts). */
import type { Partition } from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type CommandTarget, ROOM_SOURCE, type RoomCommand } from "./forwarder.ts";

/** What is needed of the partition. */
export interface TakingPartition extends Pick<Partition, "command" | "notReady" | "whenTaken"> {
  readonly core: Pick<Partition["core"], "lastCommandOf">;
}

export function commandTarget(partition: TakingPartition, log: (message: string) => void): CommandTarget {
  const entered = async (command: RoomCommand): Promise<void> => {
    try {
      await partition.command(command);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      log(`a command of the room is passed over: ${String(error)}`);
    }
  };
  return {
    async take(commands) {
      const taking: Promise<void>[] = [];
      for (const command of commands) {
        // Asked before each: one that is taken after another was not would hide that one for good.
        if (partition.notReady() !== null) break;
        taking.push(entered(command));
      }
      const last = partition.core.lastCommandOf(ROOM_SOURCE);
      await Promise.all([...taking, partition.whenTaken()]);
      return last;
    },
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof EigenwatchError && error.kind === "unavailable";
}
