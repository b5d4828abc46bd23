/** A session of one partition with its shared document, both in this process, joined as `up` joins them. */
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { listAlerts } from "../../actors/list-alerts.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { inputs } from "../../actors/log/read.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { SYSTEM } from "../../actors/system.ts";
import { commandTarget } from "../../collab/rooms/command-target.ts";
import { type CommandTarget, type Forwarding, forwardCommands } from "../../collab/rooms/forwarder.ts";
import { alertsOf } from "../../collab/rooms/in-force.ts";
import { joinRoom } from "../../collab/rooms/join-room.ts";
import type { LoggedCommandName } from "../../protocol/commands.ts";
import type { CommandInput, Edit, EventMessage } from "../../protocol/messages.ts";
import { machineOf, toy } from "../core/toy-core.ts";
import { condition } from "../support/condition.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { openRoomPartition } from "./room-world.ts";

/** Values above it are unusual. */
const UNUSUAL = 1_000;

/** An actor that finds a value unusual at once, and usual again. */
const finder = toy(
  "finder",
  () => ({
    fields: {},
    update({ frame }, context) {
      for (const value of frame.value.subarray(0, frame.count))
        context.signal({ type: value > UNUSUAL ? "high" : "low", timeUs: context.now });
    },
  }),
  {
    machine: machineOf({
      usual: { on: { high: { target: "unusual", actions: tells("opened") }, low: {} } },
      unusual: { on: { low: { target: "usual", actions: tells("ended") }, high: {} } },
    }),
  },
);

function tells(phase: "opened" | "ended") {
  const params = ({ event }: { event: { timeUs: number } }) => ({
    kind: `finder.${phase}`,
    severity: "info",
    title: "c0 is unusual",
    channels: ["c0"],
    finding: { key: "c0", phase, sinceUs: event.timeUs, effect: 9, evidence: 20 },
  });
  return { type: "announce", params };
}

const DEFINITIONS = { ...SYSTEM, group: [...SYSTEM.group, finder] };

export async function sessionWorld() {
  const journal = createMemoryJournal({});
  const roomJournal = createMemoryJournal({});
  const room = await openRoomPartition(roomJournal);
  const to = await openPartition({
    session: "plant",
    journal,
    definitions: DEFINITIONS,
  });
  const feed = scriptedFeed("feed", "live");
  to.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(1));
  const { look, until } = condition();
  for (const partition of [to, room]) partition.subscribe({ flush: look });
  const stops: (() => void)[] = [];
  let rows = 0;
  const log = (message: string): void => void logged.push(message);
  const forwards = (options: { target?: CommandTarget; clock?: Clock } = {}): Forwarding => {
    const { target = commandTarget(to, log), clock = systemClock } = options;
    const forwarding = forwardCommands(room, target, { clock, log });
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
      stops.push(
        joinRoom({
          room,
          clock: systemClock,
          targets: [commandTarget(to, log)],
          alerts: [alertsOf(to)],
          log,
        }),
      );
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
    /** Declares group g anew. */
    declares: (traits: Parameters<typeof channels>[1]) => sink.channels(channels(1, traits)),
    incident: () => listAlerts(to.core).incidents?.[0],
    /** Events as a replay of the log has them. */
    async replayed(): Promise<EventMessage[]> {
      const events: EventMessage[] = [];
      const core = new Core(DEFINITIONS, { ...SILENT, event: (event) => void events.push(event) });
      await foldJournal(journal.read(), core);
      return events;
    },
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
