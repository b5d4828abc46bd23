/** What carries out the commands of a live session. Those of a recorded one are in recordings/replay/commands.ts. */
import { listAlerts, type Partition, standingOf } from "../actors/mod.ts";
import { type CommandHandler, type CommandHandlers, oneAtATime } from "../actors/ports/commands.ts";
import type { Journal } from "../actors/ports/journal.ts";
import { type Command, LOGGED_COMMANDS, type LoggedCommandName } from "../protocol/commands.ts";
import { checkAlertCommand } from "./alert-commands.ts";
import { runWhatIf, runWhatIfInWorker } from "./recordings/whatif/whatif.ts";
import { injectableScenarios, prepareInjection } from "./worlds/inject.ts";

export interface LivePartition {
  readonly partition: Partition;
  readonly journal: Journal;
  /** The folder that `journal` writes, null when it is in memory. */
  readonly recording: string | null;
}

/** The handlers of one partition. Those of a session of several find the right one in collab/live/route-commands.ts. */
export function liveCommands({ partition, journal, recording }: LivePartition): CommandHandlers {
  const readSettings = () => ({ settings: partition.core.settings });
  return {
    listScenarios: () => ({ scenarios: injectableScenarios() }),
    listInjections: () => ({
      underWay: partition.injections().map(({ group, channels, detail }) => ({ group, channels, detail })),
    }),
    startInjection: async (request, author, _signal, id) => {
      const { started, overlay } = prepareInjection(partition, request, author);
      await partition.inject(overlay, id);
      return { started };
    },
    readSettings,
    changeSetting: async ({ path, value }, author, _signal, id) => {
      await partition.configure(path, value, author, id);
      return readSettings();
    },
    askWhatIf: oneAtATime(async (request, _author, signal) => {
      await journal.flush();
      return recording === null
        ? runWhatIf(journal, request, { signal })
        : runWhatIfInWorker(recording, request, { signal });
    }),
    readStanding: () => standingOf([partition]),
    listAlerts: () => listAlerts(partition.core),
    ...loggedCommands(partition),
  };
}

/** Enters each command that the log takes as it is. */
function loggedCommands(partition: Partition): Pick<CommandHandlers, LoggedCommandName> {
  const enter =
    (name: LoggedCommandName): CommandHandler<LoggedCommandName> =>
    async (body, author, _signal, id) => {
      // A session that takes no more says so itself.
      if (partition.notReady() === null)
        checkAlertCommand(listAlerts(partition.core), { name, body } as Command<LoggedCommandName>);
      const command = id === undefined ? {} : { command: id };
      const input = await partition.command({
        name,
        body,
        author: { id: author.authorId, name: author.author, role: author.authorRole },
        ...FROM_GATEWAY,
        ...command,
      });
      return { input: input! };
    };
  return Object.fromEntries(LOGGED_COMMANDS.map((name) => [name, enter(name)]));
}

/** A gateway sends a command once: it needs no number. */
const FROM_GATEWAY = { source: "gateway", sequence: 0 } as const;
