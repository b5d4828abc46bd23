/** What carries out the commands of a live session. Those of a recorded one are in recordings/replay/commands.ts. */
import { listAlerts, mergedAlerts, type Partition, standingOf } from "../actors/mod.ts";
import { type CommandHandler, type CommandHandlers, oneAtATime } from "../actors/ports/commands.ts";
import type { Journal } from "../actors/ports/journal.ts";
import { type Command, LOGGED_COMMANDS, type LoggedCommandName } from "../protocol/commands.ts";
import { checkAlertCommand, holdsAlert } from "./alert-commands.ts";
import { runWhatIf, runWhatIfInWorker } from "./recordings/whatif/whatif.ts";
import { injectableScenarios, prepareInjection } from "./worlds/inject.ts";

export interface LivePartition {
  readonly partition: Partition;
  readonly journal: Journal;
  /** The folder that `journal` writes, null when it is in memory. */
  readonly recording: string | null;
}

/**
 * The handlers of one partition. `all`: the partitions of its session in this process. A setting is changed in each of them, an injection goes
 * to the one that has its group, and a branch is one of `own`.
 */
export function liveCommands(own: LivePartition, all: readonly LivePartition[] = [own]): CommandHandlers {
  const partitions = all.map(({ partition }) => partition);
  const withGroup = (name: string | undefined) =>
    partitions.find((partition) => partition.groups().some(({ group }) => group === name));
  const readSettings = () => ({ settings: own.partition.core.settings });
  return {
    listScenarios: () => ({ scenarios: injectableScenarios() }),
    listInjections: () => ({
      underWay: partitions
        .flatMap((partition) => partition.injections())
        .map(({ group, channels, detail }) => ({ group, channels, detail })),
    }),
    startInjection: async (request, author, _signal, id) => {
      const target = withGroup(request.group) ?? own.partition;
      const { started, overlay } = prepareInjection(
        {
          groups: () => partitions.flatMap((partition) => partition.groups()),
          describe: () => target.describe(),
          recentFrames: (after, limit) => target.recentFrames(after, limit),
        },
        request,
        author,
      );
      await target.inject(overlay, id);
      return { started };
    },
    readSettings,
    changeSetting: async ({ path, value }, author, _signal, id) => {
      await Promise.all(partitions.map((partition) => partition.configure(path, value, author, id)));
      return readSettings();
    },
    askWhatIf: oneAtATime(async (request, _author, signal) => {
      const { journal, recording } = own;
      await journal.flush();
      return recording === null
        ? runWhatIf(journal, request, { signal })
        : runWhatIfInWorker(recording, request, { signal });
    }),
    readStanding: () => standingOf(partitions),
    listAlerts: () => mergedAlerts(partitions.map(({ core }) => listAlerts(core))),
    ...loggedCommands((body) => {
      // A threshold is with its group, all else with the threshold that it is about.
      const holder = partitions.find(({ core }) => holdsAlert(listAlerts(core), body.id));
      return holder ?? withGroup("of" in body ? body.of.group : undefined) ?? own.partition;
    }),
  };
}

/** Enters each command that the log takes as it is. `partitionOf`: the partition whose log takes it. */
function loggedCommands(
  partitionOf: (body: Command<LoggedCommandName>["body"]) => Partition,
): Pick<CommandHandlers, LoggedCommandName> {
  const enter =
    (name: LoggedCommandName): CommandHandler<LoggedCommandName> =>
    async (body, author, _signal, id) => {
      const partition = partitionOf(body);
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
