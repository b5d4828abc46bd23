/** A session of one partition with its shared document, both in this process, joined as `up` joins them. */
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { listAlerts } from "../../actors/list-alerts.ts";
import { inputs } from "../../actors/log/read.ts";
import { Partition } from "../../actors/partition/partition.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { SYSTEM } from "../../actors/system.ts";
import { type CommandTarget, type Forwarding, forwardCommands } from "../../collab/rooms/forwarder.ts";
import { showInForce } from "../../collab/rooms/in-force.ts";
import type { LoggedCommandName } from "../../protocol/commands.ts";
import type { CommandInput, Edit } from "../../protocol/messages.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { condition } from "../support/condition.ts";
import { channels, row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { openRoomPartition } from "./room-world.ts";

export async function sessionWorld() {
  const journal = createMemoryJournal({});
  const roomJournal = createMemoryJournal({});
  const room = await openRoomPartition(roomJournal);
  const to = await Partition.open({
    session: "plant",
    partition: "p0",
    journal,
    clock: systemClock,
    settings: defaultSettings(),
    definitions: SYSTEM,
    versions: {},
    recording: null,
    log() {},
  });
  const feed = scriptedFeed("feed", "live");
  to.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(1));
  const { look, until } = condition();
  const NOTHING = () => {};
  for (const partition of [to, room])
    partition.subscribe({
      frame: NOTHING,
      event: NOTHING,
      state: NOTHING,
      metrics: NOTHING,
      channels: NOTHING,
      flush: look,
    });
  const stops: (() => void)[] = [];
  let rows = 0;
  const forwards = (
    options: { target?: CommandTarget; clock?: Clock; onHeard?(): void } = {},
  ): Forwarding => {
    const { target = to, clock = systemClock, onHeard } = options;
    const log = (message: string): void => void logged.push(message);
    const forwarding = forwardCommands(room, target, { clock, log, ...(onHeard ? { onHeard } : {}) });
    stops.push(() => forwarding.stop());
    return forwarding;
  };
  const logged: string[] = [];
  const commandsIn = async (from: typeof journal): Promise<CommandInput[]> => {
    const found: CommandInput[] = [];
    for await (const { input } of inputs(from)) if (input.type === "command") found.push(input);
    return found;
  };
  return {
    room,
    roomJournal,
    to,
    look,
    until,
    logged,
    forwards,
    /** Forwards both ways. */
    joins(): void {
      let onHeard = (): void => {};
      const forwarding = forwards({ onHeard: () => onHeard() });
      const log = (message: string): void => void logged.push(message);
      const shown = showInForce({ room, partitions: [to], heard: () => forwarding.heard, log });
      onHeard = shown.look;
      stops.push(shown.stop);
    },
    /** Lets somebody edit the document. */
    edits({ type: _, ...edit }: Edit): void {
      assert.is(room.edit(edit).kind, "admitted");
    },
    /** A command over HTTP. */
    sends: (name: LoggedCommandName, body: object, who = "Bob") =>
      to.command({
        name,
        body,
        author: { id: who.toLowerCase(), name: who, role: "editor" },
        source: "gateway",
        sequence: 0,
      }),
    /** A sample of channel c0 of group g. */
    measures: (value: number) => sink.frame(row(systemClock.nowUs(), [value], ++rows)),
    alert: (id: string) => listAlerts(to.core).alerts.find(({ threshold }) => threshold.id === id),
    shows: (root: "thresholds" | "alerts"): Record<string, Record<string, unknown>> =>
      room.room().document.doc.getMap(root).toJSON() as never,
    /** Commands that the log of the partition holds. */
    commands: () => commandsIn(journal),
    facts: () => commandsIn(roomJournal),
    reached: (sequence: number) => until(() => to.core.lastCommandOf("room") === sequence),
    async close(): Promise<void> {
      for (const stop of stops) stop();
      await Promise.all([room.close(), to.close()]);
    },
  };
}
