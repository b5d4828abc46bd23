/** The partitions of a recorded folder as sessions that move together, with what carries out their commands. */
import type { FileJournal } from "../../../actors/journal/mod.ts";
import { openRecording, recordedPartitions, SYSTEM, systemClock } from "../../../actors/mod.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import { recordedCommands } from "./commands.ts";
import { type PlayOptions, ReplaySession } from "./session.ts";

export interface OpenSessionsOptions extends Pick<PlayOptions, "speed" | "place"> {
  log(line: string): void;
  /** What people see as the recording that a partition's folder is of; default: the folder. */
  shownAs?(directory: string): string;
}

/** The first partition first. Rejects when there is no such recording, or it cannot be read. */
export async function openSessions(
  path: string,
  { log, shownAs = (directory) => directory, ...play }: OpenSessionsOptions,
): Promise<[ReplaySession, ...ReplaySession[]]> {
  const parts: { journal: FileJournal; recording: string; directory: string }[] = [];
  try {
    const folders = await recordedPartitions(path);
    // The shared document is no data: pages of the live session do not list it either.
    const played = folders.filter(({ partition }) => folders.length === 1 || partition !== ROOM_PARTITION);
    for (const { directory } of played)
      parts.push({
        journal: await openRecording(directory, { log }),
        recording: shownAs(directory),
        directory,
      });
    const sessions = await ReplaySession.openAll(parts, {
      definitions: SYSTEM,
      clock: systemClock,
      log,
      ...play,
    });
    for (const [k, session] of sessions.entries())
      session.commands.handle(recordedCommands(session, path, parts[k]!.directory));
    return sessions;
  } catch (error) {
    await Promise.all(parts.map(({ journal }) => journal.close()));
    throw error;
  }
}

export async function closeSessions(sessions: readonly ReplaySession[]): Promise<void> {
  for (const session of sessions) await session.close();
}
