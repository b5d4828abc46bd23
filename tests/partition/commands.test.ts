// runtime: either
// slow
/** The commands of every kind of session keep one contract: live ones over each journal, and recorded ones. */
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { systemClock } from "../../actors/clock.ts";
import { RemoteSession } from "../../actors/cluster/remote-session.ts";
import { SessionServer } from "../../actors/cluster/session-server.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { SYSTEM } from "../../actors/system.ts";
import { pushCommands } from "../../collab/live/push-commands.ts";
import type { CommandName } from "../../protocol/commands.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { liveCommands } from "../../sim/mod.ts";
import { recordedCommands } from "../../sim/recordings/replay/commands.ts";
import { ReplaySession } from "../../sim/recordings/replay/session.ts";
import { openStreamJournal } from "../cluster/streamed.ts";
import { type CommandsWorld, commandsContract } from "../contracts/commands.ts";
import { holdable } from "../support/held-journal.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const LIVE: readonly CommandName[] = [
  ...(["listScenarios", "listInjections", "startInjection"] as const),
  ...(["readSettings", "changeSetting", "askWhatIf"] as const),
  ...(["readStanding", "listAlerts", "threshold.set", "threshold.removed"] as const),
  ...(["pushSamples", "readPushed"] as const),
  ...(["alert.acknowledged", "alert.assigned", "alert.snoozed", "mark"] as const),
];

commandsContract("commands of a live session in memory", LIVE, () => live(createMemoryJournal({})));

commandsContract("commands of a live session that records", LIVE, async () => {
  const directory = temporaryDirectory();
  return live(await openRecordingForWriting(directory, { partition: "p0" }), directory);
});

commandsContract("commands of a session of a cluster", LIVE, async () => {
  const bus = createMemoryBus(systemClock);
  const { journal, epoch } = await openStreamJournal({ bus, clock: systemClock, owner: "a" });
  return live(journal, null, epoch);
});

commandsContract("commands of a session of another node", LIVE, async () => {
  const bus = createMemoryBus(systemClock);
  const stream = bus.stream(subjectOf("test", "p0", "log"));
  const { journal, epoch } = await openStreamJournal({ bus, clock: systemClock, owner: "a", stream });
  const { partition, ...world } = await live(journal, null, epoch);
  const server = new SessionServer({ bus, clock: systemClock, session: partition, epoch, log() {} });
  const session = await RemoteSession.open({
    bus,
    clock: systemClock,
    session: "test",
    partition: "p0",
    gateway: "b",
    commandMs: 100,
    log() {},
  });
  const close = async () => {
    session.close();
    server.stop();
    await world.close();
  };
  return { ...world, commands: session.commands, close };
});

const RECORDED: readonly CommandName[] = [
  ...(["readReplay", "listReplayMarks", "readDocument", "play", "pause", "setSpeed", "seek"] as const),
  ...(["listScenarios", "listAlerts", "askWhatIf"] as const),
];

commandsContract("commands of a recorded session", RECORDED, async () => {
  const directory = temporaryDirectory();
  await (await live(await openRecordingForWriting(directory, { partition: "p0" }), directory)).close();
  const log = await openRecording(directory);
  const session = await ReplaySession.open({
    journal: log,
    definitions: SYSTEM,
    clock: systemClock,
    recording: directory,
  });
  session.commands.handle(recordedCommands(session, directory));
  return { commands: session.commands, log, close: () => session.close() };
});

/** A live session with a group g and two rows. */
async function live(
  journal: Journal,
  recording: string | null = null,
  epoch = 0,
): Promise<CommandsWorld & { partition: Partition }> {
  const log = holdable(journal);
  const partition = await openPartition({
    journal: log,
    epoch,
    recording,
  });
  const { commands } = partition;
  commands.handle({ ...liveCommands({ partition, journal: log, recording }), ...pushCommands(partition) });
  const feed = scriptedFeed("feed", "recorded");
  partition.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(2));
  // Its alert fires, so that there is one to acknowledge.
  const body = { id: "a", of: { group: "g", channel: "c0" }, direction: "above", level: 0 };
  void partition.command({ name: "threshold.set", body, author: { id: "ben" }, source: "room", sequence: 1 });
  for (const timeUs of [1_000, 2_000]) sink.frame(row(timeUs, [1, 2], timeUs));
  const close = () => partition.close().catch(() => {});
  return { partition, commands, log, hold: () => log.hold(), close };
}
